import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * Events get a position that readers can follow without missing one: ADR 11. Events of before share the position 0, which
 * rewrites no row; `seq` orders them. No transaction under way can have written them: this one has the table to itself.
 */
export class EventStream1764300000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '5s'`)
    // Inlined where it is called. As a function it can be made anew when the database has moved: see EventPositions.
    await runner.query(`
      create function event_position() returns bigint language sql volatile
      as 'select pg_current_xact_id()::text::bigint + 0'`)
    await runner.query(`alter table events add column position bigint not null default 0`)
    await runner.query(`alter table events alter column position set default event_position()`)
    await runner.query(`create index events_position_idx on events (user_id, position, seq)`)
    await runner.query(`drop index events_stream_idx`)
    await runner.query(`
      create table event_origin (
        is_the_only_row boolean primary key default true check (is_the_only_row),
        cluster text not null,
        position_offset bigint not null
      )`)
    await runner.query(`
      insert into event_origin (cluster, position_offset)
      select concat(system_identifier, '/', timeline_id), 0 from pg_control_system(), pg_control_checkpoint()`)
  }

  async down(): Promise<void> {
    throw new Error('Migrations only expand: restore a backup instead of going back')
  }
}
