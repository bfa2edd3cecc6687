import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn } from 'typeorm'

/** A range of response times that reports count by, such as “under an hour”. */
@Entity('time_bands')
export class TimeBand {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' }) id: number
  @Column('uuid') userId: string
  @Column('text') name: string
  @Column('integer') fromSeconds: number
  @Column('integer', { nullable: true }) toSeconds: number | null
  @CreateDateColumn({ type: 'timestamptz', precision: 3 }) createdAt: Date
}
