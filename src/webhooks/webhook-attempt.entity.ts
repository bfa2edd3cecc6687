import { Column, Entity, PrimaryColumn } from 'typeorm'

/** How one attempt at a delivery went. */
@Entity('webhook_attempts')
export class WebhookAttempt {
  @PrimaryColumn('bigint') deliveryId: number
  @PrimaryColumn('integer') number: number
  @Column({ type: 'timestamptz', precision: 3 }) startedAt: Date
  @Column('integer') durationMs: number
  @Column('integer', { nullable: true }) statusCode: number | null
  /** Its name, such as `timed_out`. */
  @Column('text', { nullable: true }) error: string | null
  /** What exactly was wrong, for a person. */
  @Column('text', { nullable: true }) detail: string | null
  @Column('text', { nullable: true }) responseBody: string | null
}
