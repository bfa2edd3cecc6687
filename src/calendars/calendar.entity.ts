import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn, UpdateDateColumn } from 'typeorm'

/** Business hours by name; what they are stands in the version of that number. */
@Entity('sla_calendars')
export class SlaCalendar {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' }) id: number
  @Column('uuid') userId: string
  @Column('text') name: string
  @Column('integer', { default: 1 }) version: number
  @CreateDateColumn({ type: 'timestamptz', precision: 3 }) createdAt: Date
  @UpdateDateColumn({ type: 'timestamptz', precision: 3 }) updatedAt: Date
  /** Gone for everyone but the clocks that were computed with it. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) deletedAt: Date | null
}
