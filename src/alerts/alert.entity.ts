import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn } from 'typeorm'

export const ALERT_TYPES = [
  'sla.warning',
  'sla.breached',
  'webhook.failing',
  'webhook.recovered',
  'webhook.deactivated',
] as const
export type AlertType = (typeof ALERT_TYPES)[number]

/** Something that needs a person's attention. */
@Entity('alerts')
export class Alert {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' }) id: number
  @Column('uuid') userId: string
  @Column('bigint', { nullable: true }) emailId: number | null
  @Column('bigint', { nullable: true }) webhookId: number | null
  @Column('text') type: AlertType
  @Column('text') severity: 'info' | 'warning' | 'critical'
  @Column('text') message: string
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) readAt: Date | null
  @CreateDateColumn({ type: 'timestamptz', precision: 3 }) createdAt: Date
}
