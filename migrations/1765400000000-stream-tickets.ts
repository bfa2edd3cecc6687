import type { MigrationInterface, QueryRunner } from 'typeorm'

/** Tickets for event streams: what a browser's EventSource can send, which sends no headers. ADR 24. */
export class StreamTickets1765400000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table stream_tickets (
        hash bytea primary key,
        session_id uuid not null references session (id) on delete cascade,
        ends_at timestamptz(3) not null, -- the access token's end, which is the stream's
        expires_at timestamptz(3) not null
      );
      create index stream_tickets_session_idx on stream_tickets (session_id);
      create index stream_tickets_expiry_idx on stream_tickets (expires_at)`)
  }

  async down(): Promise<void> {
    throw new Error('Migrations only expand: restore a backup instead of going back')
  }
}
