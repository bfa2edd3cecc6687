import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm'
import type { EntryType } from './clock-life.js'

/** What happened to a clock, never changed: replayed from the first to the last it gives the clock's row. */
@Entity('sla_clock_history')
export class SlaClockEntry {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' }) id: number
  @Column('bigint') clockId: number
  @Column('text') type: EntryType
  /** The instant that counts: of a warning or a breach the one at which it was due. */
  @Column({ type: 'timestamptz', precision: 3 }) at: Date
  /** When it was written. */
  @Column({ type: 'timestamptz', precision: 3 }) recordedAt: Date
  @Column('json') detail: Record<string, unknown>
}
