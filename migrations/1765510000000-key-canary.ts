import type { MigrationInterface, QueryRunner } from 'typeorm'

/** One sealed word, by which a process finds at its start that its keys are not those of this database. */
export class KeyCanary1765510000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '5s'`)
    await runner.query(`
      create table key_canary (
        is_only boolean primary key default true check (is_only),
        sealed text not null,
        created_at timestamptz(3) not null default now()
      );
      create index webhooks_unreadable_idx on webhooks (id) where last_error = 'secret_unreadable'`)
  }

  async down(): Promise<void> {
    throw new Error('Migrations only expand: restore a backup instead of going back')
  }
}
