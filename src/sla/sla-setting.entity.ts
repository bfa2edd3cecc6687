import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn, UpdateDateColumn } from 'typeorm'
import type { Priority, Tier } from '../emails/email.entity.js'

export const ESCALATIONS = ['notify', 'raise_priority', 'reassign'] as const
export type Escalation = (typeof ESCALATIONS)[number]

/**
 * A policy: how soon which mail is answered and resolved. A tenant's are tried in the order of `position`, and the first
 * whose conditions all hold decides. The default has no conditions and stands last.
 */
@Entity('sla_settings')
export class SlaSetting {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' }) id: number
  @Column('uuid') userId: string
  @Column('text') name: string
  @Column('integer') position: number
  /** Grows with every change of what follows. */
  @Column('integer', { default: 1 }) version: number
  @Column('boolean', { default: false }) isDefault: boolean
  @Column('boolean', { default: true }) isActive: boolean
  /** Conditions: one of these, or anything where null. */
  @Column('text', { array: true, nullable: true }) priorities: Priority[] | null
  @Column('text', { array: true, nullable: true }) customerTiers: Tier[] | null
  @Column('bigint', { array: true, nullable: true }) mailboxIds: number[] | null
  /** Lower case. */
  @Column('text', { array: true, nullable: true }) categories: string[] | null
  /** Lower case; each stands for its subdomains too. */
  @Column('text', { array: true, nullable: true }) senderDomains: string[] | null
  /** Targets in open time; null: no such clock. */
  @Column('integer', { nullable: true }) firstReplySeconds: number | null
  @Column('integer', { nullable: true }) nextReplySeconds: number | null
  @Column('integer', { nullable: true }) resolutionSeconds: number | null
  /** Null: always open. */
  @Column('bigint', { nullable: true }) calendarId: number | null
  /** The share of the target that is left when the warning goes out. */
  @Column('integer', { default: 20 }) warningPercent: number
  @Column('text', { array: true, default: () => "'{notify}'" }) onWarning: Escalation[]
  @Column('text', { array: true, default: () => "'{notify}'" }) onBreach: Escalation[]
  @CreateDateColumn({ type: 'timestamptz', precision: 3 }) createdAt: Date
  @UpdateDateColumn({ type: 'timestamptz', precision: 3 }) updatedAt: Date
}
