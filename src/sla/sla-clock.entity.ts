import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn } from 'typeorm'
import type { ClockState, Metric, PauseReason } from './clock-life.js'

/** A clock of a conversation, kept with the email whose arrival started it. Met when stopped at or before its deadline. */
@Entity('sla_clocks')
export class SlaClock {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' }) id: number
  @Column('uuid') userId: string
  @Column('bigint') emailId: number
  @Column('text', { default: 'first_reply' }) metric: Metric
  /** Above 1 where a reopened email must be answered or resolved once more. */
  @Column('integer', { default: 1 }) round: number
  @Column('text', { default: 'running' }) state: ClockState
  /** The tenant's revision that it was computed at. */
  @Column('bigint', { default: 0 }) revision: number
  @Column('bigint', { nullable: true }) policyVersionId: number | null
  /** Null: always open. */
  @Column('bigint', { nullable: true }) calendarVersionId: number | null
  @Column({ type: 'timestamptz', precision: 3 }) startedAt: Date
  /** Null: its policy has no such target at present. */
  @Column('integer', { nullable: true }) targetSeconds: number | null
  @Column('integer', { default: 20 }) warningPercent: number
  /** None while it is paused, without a target, or with one that its calendar never fills. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) warningAt: Date | null
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) deadlineAt: Date | null
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) warnedAt: Date | null
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) breachedAt: Date | null
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) stoppedAt: Date | null
  /** Those that are over, as epoch milliseconds. */
  @Column('jsonb', { default: () => "'[]'" }) pauses: { from: number; to: number }[]
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) pausedAt: Date | null
  @Column('text', { nullable: true }) pauseReason: PauseReason | null
  /** The next instant at which it has something to say; null: nothing more. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) nextDueAt: Date | null
  @CreateDateColumn({ type: 'timestamptz', precision: 3 }) createdAt: Date
}
