import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm'

/** The answer kept for a request that carried an Idempotency-Key; null while it is under way. */
@Entity('idempotency_keys')
export class IdempotencyKey {
  @PrimaryColumn('uuid') userId: string
  @PrimaryColumn('text') key: string
  @Column('text') fingerprint: string
  @Column('integer', { nullable: true }) statusCode: number | null
  @Column('text', { nullable: true }) body: string | null
  @CreateDateColumn({ type: 'timestamptz', precision: 3 }) createdAt: Date
}
