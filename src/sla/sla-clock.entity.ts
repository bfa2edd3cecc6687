import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn } from 'typeorm'

/** The reply clock of an email. Met when it was stopped at or before its deadline. */
@Entity('sla_clocks')
export class SlaClock {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' }) id: number
  @Column('uuid') userId: string
  @Column('bigint') emailId: number
  @Column('text', { default: 'running' }) state: 'running' | 'met' | 'late'
  @Column({ type: 'timestamptz', precision: 3 }) startedAt: Date
  @Column('integer') targetSeconds: number
  @Column({ type: 'timestamptz', precision: 3 }) warningAt: Date
  @Column({ type: 'timestamptz', precision: 3 }) deadlineAt: Date
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) warnedAt: Date | null
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) breachedAt: Date | null
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) stoppedAt: Date | null
  /** The next instant at which it has something to say; null: nothing more. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) nextDueAt: Date | null
  @CreateDateColumn({ type: 'timestamptz', precision: 3 }) createdAt: Date
}
