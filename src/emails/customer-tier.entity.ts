import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn, UpdateDateColumn } from 'typeorm'
import type { Tier } from './email.entity.js'

/** The tier that mail from an address or a domain gets when it arrives. */
@Entity('customer_tiers')
export class CustomerTier {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' }) id: number
  @Column('uuid') userId: string
  /** An address, or a domain that stands for its subdomains too. Lower case. */
  @Column('text') matches: string
  @Column('text') tier: Tier
  @CreateDateColumn({ type: 'timestamptz', precision: 3 }) createdAt: Date
  @UpdateDateColumn({ type: 'timestamptz', precision: 3 }) updatedAt: Date
}
