import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Webhooks that asked for time, every secret that still signs, and what the older signature is made with. */
export class WebhookHolds1765300000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table webhooks
        add former_secrets jsonb,
        add signature_key text not null default 'decoded' check (signature_key in ('raw', 'decoded')),
        add held_until timestamptz(3),
        add throttled_since timestamptz(3)`)
  }

  async down(): Promise<void> {
    throw new Error('Migrations only expand: restore a backup instead of going back')
  }
}
