import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn } from 'typeorm'

/** A signed-in device. Only hashes of its refresh tokens are kept. */
@Entity('session')
export class Session {
  @PrimaryGeneratedColumn('uuid') id: string
  @Column('uuid') userId: string
  @Column('text') tokenHash: string
  @Column('text', { nullable: true }) previousTokenHash: string | null
  @Column({ type: 'timestamptz', precision: 3, default: () => 'now()' }) rotatedAt: Date
  @Column({ type: 'timestamptz', precision: 3 }) expiresAt: Date
  @Column('text', { nullable: true }) ipAddress: string | null
  @Column('text', { nullable: true }) userAgent: string | null
  @CreateDateColumn({ type: 'timestamptz', precision: 3 }) createdAt: Date
}
