import { Column, Entity, PrimaryColumn } from 'typeorm'
import type { EventCatalogue, EventName } from './catalogue.js'

/** The stored stream: every domain event, in the order of `position` and `seq` (ADR 11). */
@Entity('events')
export class StoredEvent {
  @PrimaryColumn('uuid') id: string
  @Column({ type: 'bigint', generated: 'identity', generatedIdentity: 'ALWAYS' }) seq: number
  /** The writing transaction's number, and as much as the database has moved: see `EventPositions`. */
  @Column('bigint', { default: () => 'event_position()' }) position: number
  @Column('uuid') userId: string
  @Column('text') name: EventName
  @Column('bigint', { nullable: true }) emailId: number | null
  @Column('json') data: EventCatalogue[EventName]
  @Column({ type: 'timestamptz', precision: 3 }) occurredAt: Date
  /** The running number of what happened to its email; null when it is about none. */
  @Column('integer', { nullable: true }) sequence: number | null
}
