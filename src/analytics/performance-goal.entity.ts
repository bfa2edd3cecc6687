import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn, UpdateDateColumn } from 'typeorm'

/** What the team, or one member, sets out to reach. */
@Entity('performance_goals')
export class PerformanceGoal {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' }) id: number
  @Column('uuid') userId: string
  @Column('bigint', { nullable: true }) teamMemberId: number | null
  @Column('text') metric: 'response_seconds' | 'met_rate'
  @Column('double precision') targetValue: number
  @Column('date') startsOn: string
  @Column('date', { nullable: true }) endsOn: string | null
  @CreateDateColumn({ type: 'timestamptz', precision: 3 }) createdAt: Date
  @UpdateDateColumn({ type: 'timestamptz', precision: 3 }) updatedAt: Date
}
