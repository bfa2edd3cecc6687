import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Queues that are looked through for what is not wanted any more, and since when a receiver has asked for time. */
export class WebhookSiftings1765310000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table webhooks add sift_after bigint, add held_since timestamptz(3);
      create index webhooks_sift_after_idx on webhooks (id) where sift_after is not null`)
  }

  async down(): Promise<void> {
    throw new Error('Migrations only expand: restore a backup instead of going back')
  }
}
