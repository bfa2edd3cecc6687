import type { MigrationInterface, QueryRunner } from 'typeorm'

/**
 * Conversations are always looked up within their tenant. With an index on the conversation alone, plans that were kept
 * from when the table was small read all of the tenant's mail beside it.
 */
export class ConversationIndex1764200000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`set local lock_timeout = '5s'`)
    await runner.query(`create index emails_conversation_idx on emails (thread_id, user_id)`)
    await runner.query(`drop index emails_thread_idx`)
  }

  async down(): Promise<void> {
    throw new Error('Migrations only expand: restore a backup instead of going back')
  }
}
