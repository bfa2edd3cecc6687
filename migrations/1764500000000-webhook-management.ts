import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Samples among the deliveries, and the recovery of what a webhook has missed. */
export class WebhookManagement1764500000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '5s'`)
    await runner.query(UP)
  }

  async down(): Promise<void> {
    throw new Error('Migrations only expand: restore a backup instead of going back')
  }
}

const UP = `
alter table webhook_logs add is_test boolean not null default false;

-- Inactive for so long that what waits for them expires.
create index webhooks_inactive_idx on webhooks (inactive_since) where not is_active;

-- A walk over the tenant's events of a time, from from_seq to before to_seq; what comes before next_seq is done.
create table webhook_recoveries (
  id bigint generated always as identity primary key,
  user_id uuid not null references "user" (id) on delete cascade,
  webhook_id bigint not null references webhooks (id) on delete cascade,
  status text not null check (status in ('failed', 'missed', 'all')),
  since timestamptz(3) not null,
  until timestamptz(3) not null,
  -- Names, or null for all.
  events text[],
  state text not null default 'running' check (state in ('running', 'completed', 'cancelled')),
  from_seq bigint not null,
  to_seq bigint not null,
  next_seq bigint not null,
  failed integer not null default 0,
  missed integer not null default 0,
  -- Whose turn it is.
  worked_at timestamptz(3) not null,
  created_at timestamptz(3) not null,
  finished_at timestamptz(3),
  check ((state = 'running') = (finished_at is null))
);
create index webhook_recoveries_user_idx on webhook_recoveries (user_id);
create index webhook_recoveries_webhook_idx on webhook_recoveries (webhook_id, id desc);
create index webhook_recoveries_turn_idx on webhook_recoveries (worked_at) where state = 'running';
-- Two at once would only be in each other's way.
create unique index webhook_recoveries_running_idx on webhook_recoveries (webhook_id) where state = 'running';
`
