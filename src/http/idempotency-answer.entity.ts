import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm'

/** The answer to a request that carried an Idempotency-Key. It commits with what the request did: both are there, or neither. */
@Entity('idempotency_answers')
export class IdempotencyAnswer {
  @PrimaryColumn('uuid') userId: string
  /** Who asked: a person, or the session where the route acts on that. */
  @PrimaryColumn('uuid') principalId: string
  /** Method and path with its parameters' names, such as `POST /api/emails/:id/reply`. */
  @PrimaryColumn('text') route: string
  @PrimaryColumn('text') key: string
  @Column('text') fingerprint: string
  /** Null only until its own transaction ends. */
  @Column('integer', { nullable: true }) statusCode: number | null
  /** Sealed; null where it was too long. */
  @Column('text', { nullable: true }) body: string | null
  @CreateDateColumn({ type: 'timestamptz', precision: 3 }) createdAt: Date
}
