import { Column, Entity, PrimaryColumn } from 'typeorm'

/** Counts the changes of a tenant's policies and calendars that clocks depend on, and how many reached every clock. */
@Entity('sla_revisions')
export class SlaRevision {
  @PrimaryColumn('uuid') userId: string
  @Column('bigint', { default: 0 }) revision: number
  @Column('bigint', { default: 0 }) applied: number
  @Column({ type: 'timestamptz', precision: 3, default: () => 'now()' }) changedAt: Date
  @Column({ type: 'timestamptz', precision: 3, default: () => 'now()' }) sweptAt: Date
}
