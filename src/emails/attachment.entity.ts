import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm'

/** In the database with its email, so that processes hold no state and a backup has everything. */
@Entity('email_attachments')
export class Attachment {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' }) id: number
  @Column('uuid') userId: string
  @Column('bigint') emailId: number
  @Column('text') filename: string
  @Column('text') contentType: string
  @Column('text') disposition: 'attachment' | 'inline'
  @Column('text', { nullable: true }) contentId: string | null
  @Column('integer') sizeBytes: number
  @Column('text') sha256: string
  @Column('bytea') content: Buffer
}
