import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn, UpdateDateColumn } from 'typeorm'

export const PRIORITIES = ['high', 'medium', 'low'] as const
export const TIERS = ['vip', 'enterprise', 'standard'] as const
export const STATUSES = ['open', 'replied', 'resolved'] as const
export const KINDS = ['human', 'auto_reply', 'bounce', 'feedback_report'] as const
export type Priority = (typeof PRIORITIES)[number]
export type Tier = (typeof TIERS)[number]
export type Status = (typeof STATUSES)[number]
export type Kind = (typeof KINDS)[number]

export interface Address {
  address: string
  name: string | null
}

/** A message that came in. Open until it is answered; resolved when nothing more is to be done. */
@Entity('emails')
export class Email {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' }) id: number
  @Column('uuid') userId: string
  /** The mailbox it came through; null for what was posted. */
  @Column('bigint', { nullable: true }) providerId: number | null
  @Column('uuid') threadId: string
  /** Message-ID without its angle brackets: unique in a mailbox. */
  @Column('text') messageId: string
  @Column('text', { nullable: true }) inReplyTo: string | null
  @Column('text', { array: true, default: () => "'{}'" }) referenceIds: string[]
  @Column('text') fromAddress: string
  @Column('text', { nullable: true }) fromName: string | null
  /** That of the sender's address and those above it, in ASCII, as `tierMatch` gives them: policies compare them. */
  @Column('text', { array: true, default: () => "'{}'" }) senderDomains: string[]
  @Column('jsonb', { default: () => "'[]'" }) toAddresses: Address[]
  @Column('jsonb', { default: () => "'[]'" }) ccAddresses: Address[]
  @Column('text') subject: string
  @Column('text') bodyText: string
  @Column('text', { nullable: true }) bodyHtml: string | null
  @Column('text', { default: 'human' }) kind: Kind
  @Column('text', { default: 'open' }) status: Status
  @Column('text', { default: 'medium' }) priority: Priority
  @Column('text', { default: 'standard' }) customerTier: Tier
  @Column('text', { nullable: true }) category: string | null
  @Column('bigint', { nullable: true }) assigneeId: number | null
  @Column({ type: 'timestamptz', precision: 3 }) receivedAt: Date
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) repliedAt: Date | null
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) resolvedAt: Date | null
  @CreateDateColumn({ type: 'timestamptz', precision: 3 }) createdAt: Date
  @UpdateDateColumn({ type: 'timestamptz', precision: 3 }) updatedAt: Date
}
