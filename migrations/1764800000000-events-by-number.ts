import type { MigrationInterface, QueryRunner } from 'typeorm'

/** A recovery goes through a tenant's events by their numbers: without this index it read all of them for each page. */
export class EventsByNumber1764800000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '5s'`)
    await runner.query('create index events_seq_idx on events (user_id, seq)')
  }

  async down(): Promise<void> {
    throw new Error('Migrations only expand: restore a backup instead of going back')
  }
}
