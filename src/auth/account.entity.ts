import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn, UpdateDateColumn } from 'typeorm'

/** One way in which a user signs in; provider `credential` is the password. */
@Entity('account')
export class Account {
  @PrimaryGeneratedColumn('uuid') id: string
  @Column('uuid') userId: string
  @Column('text') providerId: string
  @Column('text') accountId: string
  @Column('text', { nullable: true }) passwordHash: string | null
  @CreateDateColumn({ type: 'timestamptz', precision: 3 }) createdAt: Date
  @UpdateDateColumn({ type: 'timestamptz', precision: 3 }) updatedAt: Date
}
