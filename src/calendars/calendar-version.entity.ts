import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn } from 'typeorm'
import type { CalendarDefinition } from './calendar-definition.js'

/** What a calendar said at a time. Never changed: clocks name the version that they were computed with. */
@Entity('sla_calendar_versions')
export class SlaCalendarVersion {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' }) id: number
  @Column('uuid') userId: string
  @Column('bigint') calendarId: number
  @Column('integer') version: number
  @Column('json') definition: CalendarDefinition
  @CreateDateColumn({ type: 'timestamptz', precision: 3 }) createdAt: Date
}
