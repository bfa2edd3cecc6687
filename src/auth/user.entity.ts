import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn, UpdateDateColumn } from 'typeorm'
import type { Role } from '../http/principal.js'

/** A person who may sign in. Without an owner, the owner of a tenant. */
@Entity('user')
export class User {
  @PrimaryGeneratedColumn('uuid') id: string
  @Column('text') email: string
  @Column('text') name: string
  @Column('text', { default: 'admin' }) role: Role
  @Column('uuid', { nullable: true }) ownerId: string | null
  @Column('boolean', { default: false }) emailVerified: boolean
  @CreateDateColumn({ type: 'timestamptz', precision: 3 }) createdAt: Date
  @UpdateDateColumn({ type: 'timestamptz', precision: 3 }) updatedAt: Date
}
