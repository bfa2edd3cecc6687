import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm'
import type { Escalation } from './sla-setting.entity.js'

/** What a warning or a breach shall still do to its email. */
@Entity('sla_escalations')
export class SlaEscalation {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' }) id: number
  @Column('uuid') userId: string
  @Column('bigint') emailId: number
  @Column('text') action: Exclude<Escalation, 'notify'>
  @Column('text') reason: string
  @Column({ type: 'timestamptz', precision: 3 }) dueAt: Date
}
