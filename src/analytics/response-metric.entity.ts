import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn } from 'typeorm'

/** How soon an email got its first answer. What the clock decided is copied, never decided again. */
@Entity('response_metrics')
export class ResponseMetric {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' }) id: number
  @Column('uuid') userId: string
  @Column('bigint') emailId: number
  @Column('bigint', { nullable: true }) teamMemberId: number | null
  @Column({ type: 'timestamptz', precision: 3 }) receivedAt: Date
  @Column({ type: 'timestamptz', precision: 3 }) respondedAt: Date
  @Column('integer') responseSeconds: number
  @Column('integer', { nullable: true }) targetSeconds: number | null
  @Column('boolean', { nullable: true }) isMet: boolean | null
  @CreateDateColumn({ type: 'timestamptz', precision: 3 }) createdAt: Date
}
