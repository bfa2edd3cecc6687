import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn } from 'typeorm'

export type ReplyState = 'queued' | 'sending' | 'sent' | 'failed'

/** An answer: stored first, sent afterwards by the due-work loop. */
@Entity('email_replies')
export class Reply {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' }) id: number
  @Column('uuid') userId: string
  @Column('bigint') emailId: number
  @Column('uuid', { nullable: true }) authorId: string | null
  @Column('text') toAddress: string
  @Column('text') subject: string
  @Column('text') bodyText: string
  @Column('text', { nullable: true }) bodyHtml: string | null
  @Column('text') messageId: string
  @Column('text') inReplyTo: string
  @Column('text', { array: true, default: () => "'{}'" }) referenceIds: string[]
  @Column('text') state: ReplyState
  @Column('boolean', { default: false }) sentElsewhere: boolean
  @Column('integer', { default: 0 }) attempts: number
  @Column('text', { nullable: true }) errorMessage: string | null
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) dueAt: Date | null
  @Column('uuid', { nullable: true }) leaseToken: string | null
  @CreateDateColumn({ type: 'timestamptz', precision: 3 }) createdAt: Date
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) sentAt: Date | null
}
