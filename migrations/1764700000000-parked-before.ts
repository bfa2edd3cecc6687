import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * Thousands of deliveries are parked by one instant beside their webhook: see ADR 12. Processes of the version before know
 * nothing of it: stop them first.
 */
export class ParkedBefore1764700000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '5s'`)
    await runner.query(`
      alter table webhooks add parked_before timestamptz(3);
      create index webhooks_parked_before_idx on webhooks (id) where parked_before is not null`)
  }

  async down(): Promise<void> {
    throw new Error('Migrations only expand: restore a backup instead of going back')
  }
}
