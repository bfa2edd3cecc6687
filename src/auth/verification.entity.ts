import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn } from 'typeorm'

/** A one-time value sent to a person, such as a password reset; hashed. */
@Entity('verification')
export class Verification {
  @PrimaryGeneratedColumn('uuid') id: string
  @Column('text') identifier: string
  @Column('text') valueHash: string
  @Column({ type: 'timestamptz', precision: 3 }) expiresAt: Date
  @CreateDateColumn({ type: 'timestamptz', precision: 3 }) createdAt: Date
}
