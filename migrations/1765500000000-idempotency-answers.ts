import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * Keys that belong to a person and a route. The release before goes on with idempotency_keys, whose primary key is the tenant's:
 * that table goes one release later.
 */
export class IdempotencyAnswers1765500000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table idempotency_answers (
        user_id uuid not null references "user" (id) on delete cascade,
        principal_id uuid not null,
        route text not null,
        key text not null,
        fingerprint text not null,
        status_code integer,
        body text,
        created_at timestamptz(3) not null default now(),
        primary key (user_id, principal_id, route, key)
      );
      create index idempotency_answers_created_idx on idempotency_answers (created_at)`)
  }

  async down(): Promise<void> {
    throw new Error('Migrations only expand: restore a backup instead of going back')
  }
}
