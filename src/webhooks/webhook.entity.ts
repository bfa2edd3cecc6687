import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn, UpdateDateColumn } from 'typeorm'
import type { EventName } from '../events/catalogue.js'

/** Another system that hears of events. Its secret and the values of its headers are sealed. */
@Entity('webhooks')
export class Webhook {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' }) id: number
  @Column('uuid') userId: string
  @Column('text') url: string
  @Column('json') events: EventName[]
  @Column('boolean', { default: true }) isActive: boolean
  @Column('text') secret: string
  @Column('json', { default: () => "'{}'" }) headers: Record<string, string>
  @Column('integer', { default: 3 }) retryCount: number
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) lastTriggeredAt: Date | null
  @Column('text', { nullable: true }) lastStatus: 'success' | 'failed' | null
  @Column('text', { nullable: true }) lastError: string | null
  @CreateDateColumn({ type: 'timestamptz', precision: 3 }) createdAt: Date
  @UpdateDateColumn({ type: 'timestamptz', precision: 3 }) updatedAt: Date
}
