import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm'

/** One run of fetching a mailbox. */
@Entity('email_sync_logs')
export class EmailSyncLog {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' }) id: number
  @Column('uuid') userId: string
  @Column('bigint') providerId: number
  @Column('text') status: 'running' | 'success' | 'failed'
  @Column('integer', { default: 0 }) messagesFound: number
  @Column('integer', { default: 0 }) messagesStored: number
  @Column('text', { nullable: true }) errorMessage: string | null
  @Column({ type: 'timestamptz', precision: 3, default: () => 'now()' }) startedAt: Date
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) completedAt: Date | null
}
