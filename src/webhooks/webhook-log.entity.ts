import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn } from 'typeorm'

export type DeliveryStatus = 'pending' | 'success' | 'failed'

/** One delivery of one event to one webhook. What waits is in the queue. */
@Entity('webhook_logs')
export class WebhookLog {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' }) id: number
  @Column('bigint') webhookId: number
  @Column('uuid') eventId: string
  @Column('text') eventType: string
  /** Null where the body is the event's own. */
  @Column('json', { nullable: true }) payload: Record<string, unknown> | null
  @Column('text', { default: 'pending' }) status: DeliveryStatus
  @Column('integer', { nullable: true }) statusCode: number | null
  @Column('text', { nullable: true }) responseBody: string | null
  @Column('text', { nullable: true }) errorMessage: string | null
  @Column('integer', { default: 1 }) attempts: number
  /** A sample that a person asked for: no event stands behind it. */
  @Column('boolean', { default: false }) isTest: boolean
  @CreateDateColumn({ type: 'timestamptz', precision: 3 }) createdAt: Date
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) completedAt: Date | null
}
