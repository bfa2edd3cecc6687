import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn } from 'typeorm'

/** `answered` and `resolved` when that happened to it through another email of its conversation. */
export type ChangeAction = 'changed' | 'unassigned' | 'answered' | 'resolved' | 'reopened'

/** A change that no domain event tells of; with the events it is the email's history. */
@Entity('email_changes')
export class EmailChange {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' }) id: number
  @Column('uuid') userId: string
  @Column('bigint') emailId: number
  @Column('uuid', { nullable: true }) actorId: string | null
  @Column('text') action: ChangeAction
  @Column('json', { default: () => "'{}'" }) detail: Record<string, unknown>
  @CreateDateColumn({ type: 'timestamptz', precision: 3 }) createdAt: Date
}
