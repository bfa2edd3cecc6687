import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn, UpdateDateColumn } from 'typeorm'

export const FORMATS = ['json', 'slack'] as const
export type Format = (typeof FORMATS)[number]
export const ORDERINGS = ['none', 'email'] as const
export type Ordering = (typeof ORDERINGS)[number]
export type Breaker = 'closed' | 'open' | 'draining'
/** What `X-Webhook-Signature` is keyed with: the secret as it is shown, or the bytes that it stands for. */
export const SIGNATURE_KEYS = ['decoded', 'raw'] as const
export type SignatureKey = (typeof SIGNATURE_KEYS)[number]
export type InactiveBecause = 'paused' | 'gone' | 'failing'

/** Another system that hears of events. Its secret and the values of its headers are sealed. */
@Entity('webhooks')
export class Webhook {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' }) id: number
  @Column('uuid') userId: string
  @Column('text') url: string
  /** Names of events, `email.*` for a group, `*` for all. */
  @Column('json') events: string[]
  @Column('boolean', { default: true }) isActive: boolean
  @Column('text') secret: string
  @Column('json', { default: () => "'{}'" }) headers: Record<string, string>
  @Column('integer', { default: 3 }) retryCount: number
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) lastTriggeredAt: Date | null
  @Column('text', { nullable: true }) lastStatus: 'success' | 'failed' | null
  @Column('text', { nullable: true }) lastError: string | null
  @Column('text', { default: 'json' }) format: Format
  @Column('text', { default: 'none' }) ordering: Ordering
  /** Null is any. */
  @Column('text', { array: true, nullable: true }) priorities: string[] | null
  @Column('text', { array: true, nullable: true }) customerTiers: string[] | null
  @Column('bigint', { array: true, nullable: true }) mailboxIds: number[] | null
  /** Deliveries a second, at most. */
  @Column('integer', { nullable: true }) rateLimit: number | null
  /** Grows with each change that deliveries must know of. */
  @Column('integer', { default: 1 }) version: number
  @Column('text', { nullable: true }) previousSecret: string | null
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) previousSecretUntil: Date | null
  /** All that may still sign, the newest first. The release before this knows only of the newest, by the two columns above. */
  @Column('jsonb', { nullable: true }) formerSecrets: { secret: string; until: string }[] | null
  @Column('text', { default: 'decoded' }) signatureKey: SignatureKey
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) inactiveSince: Date | null
  @Column('text', { nullable: true }) inactiveBecause: InactiveBecause | null
  @Column('text', { default: 'closed' }) breaker: Breaker
  /** Deliveries that failed since the last success, the first five; since when, and from which one on. */
  @Column('bigint', { array: true, default: () => "'{}'" }) failing: number[]
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) failingSince: Date | null
  @Column('bigint', { nullable: true }) failingFrom: number | null
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) outageSince: Date | null
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) releaseAt: Date | null
  /** What was due before this instant is parked, though its rows do not all say so yet. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) parkedBefore: Date | null
  /** Its receiver has asked for time: nothing goes before this instant. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) heldUntil: Date | null
  /** When it last asked. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) heldSince: Date | null
  /** Its deliveries after this one are still to be looked through for what it does not want any more; null where none is. */
  @Column('bigint', { nullable: true }) siftAfter: number | null
  /** Since when it has asked for time, again and again, without a success. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) throttledSince: Date | null
  @CreateDateColumn({ type: 'timestamptz', precision: 3 }) createdAt: Date
  @UpdateDateColumn({ type: 'timestamptz', precision: 3 }) updatedAt: Date
}
