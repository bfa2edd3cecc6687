import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn } from 'typeorm'

/** Something that needs a person's attention. */
@Entity('alerts')
export class Alert {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' }) id: number
  @Column('uuid') userId: string
  @Column('bigint', { nullable: true }) emailId: number | null
  @Column('text') type: 'sla.warning' | 'sla.breached'
  @Column('text') severity: 'warning' | 'critical'
  @Column('text') message: string
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) readAt: Date | null
  @CreateDateColumn({ type: 'timestamptz', precision: 3 }) createdAt: Date
}
