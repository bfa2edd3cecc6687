import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn, UpdateDateColumn } from 'typeorm'

/** A mailbox that mail is fetched from. */
@Entity('email_providers')
export class EmailProvider {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' }) id: number
  @Column('uuid') userId: string
  @Column('text') name: string
  @Column('text') type: 'imap' | 'gmail' | 'outlook'
  @Column('text') address: string
  @Column('json', { default: () => "'{}'" }) settings: Record<string, unknown>
  @Column('boolean', { default: true }) isActive: boolean
  @Column({ type: 'timestamptz', precision: 3, nullable: true }) lastSyncedAt: Date | null
  @Column('text', { nullable: true }) lastError: string | null
  @CreateDateColumn({ type: 'timestamptz', precision: 3 }) createdAt: Date
  @UpdateDateColumn({ type: 'timestamptz', precision: 3 }) updatedAt: Date
}
