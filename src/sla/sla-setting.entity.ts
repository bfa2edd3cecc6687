import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn, UpdateDateColumn } from 'typeorm'
import type { Priority, Tier } from '../emails/email.entity.js'

/** How soon mail of one priority from customers of one tier is answered. */
@Entity('sla_settings')
export class SlaSetting {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' }) id: number
  @Column('uuid') userId: string
  @Column('text') priority: Priority
  @Column('text') customerTier: Tier
  @Column('integer') targetSeconds: number
  /** The share of the target that is left when the warning goes out. */
  @Column('integer', { default: 20 }) warningPercent: number
  @Column('boolean', { default: true }) isActive: boolean
  @CreateDateColumn({ type: 'timestamptz', precision: 3 }) createdAt: Date
  @UpdateDateColumn({ type: 'timestamptz', precision: 3 }) updatedAt: Date
}
