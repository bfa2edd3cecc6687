import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn } from 'typeorm'
import type { SlaSetting } from './sla-setting.entity.js'

/** What of a policy decides about clocks. */
export const DEFINING = [
  ...(['name', 'priorities', 'customerTiers', 'mailboxIds', 'categories', 'senderDomains'] as const),
  ...(['firstReplySeconds', 'nextReplySeconds', 'resolutionSeconds', 'calendarId'] as const),
  ...(['warningPercent', 'onWarning', 'onBreach'] as const),
] as const satisfies readonly (keyof SlaSetting)[]
export type PolicyDefinition = Pick<SlaSetting, (typeof DEFINING)[number]>

/** What a policy said at a time. Never changed: clocks name the version that they were computed with. */
@Entity('sla_setting_versions')
export class SlaSettingVersion {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' }) id: number
  @Column('uuid') userId: string
  /** Null once the policy is gone. */
  @Column('bigint', { nullable: true }) settingId: number | null
  @Column('integer') version: number
  @Column('json') definition: PolicyDefinition
  @CreateDateColumn({ type: 'timestamptz', precision: 3 }) createdAt: Date
}
