import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn, UpdateDateColumn } from 'typeorm'

export const MEMBER_ROLES = ['agent', 'manager'] as const
export type MemberRole = (typeof MEMBER_ROLES)[number]

/** Someone who answers mail. */
@Entity('team_members')
export class TeamMember {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' }) id: number
  @Column('uuid') userId: string
  @Column('text') name: string
  @Column('text') email: string
  @Column('text', { default: 'agent' }) role: MemberRole
  @Column('boolean', { default: true }) isActive: boolean
  @CreateDateColumn({ type: 'timestamptz', precision: 3 }) createdAt: Date
  @UpdateDateColumn({ type: 'timestamptz', precision: 3 }) updatedAt: Date
}
