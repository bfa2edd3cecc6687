import type { Priority, Tier } from '../emails/email.entity.js'

export class SettingView {
  /** @example 1 */
  id: number
  /** @example "high" */
  priority: Priority
  /** @example "vip" */
  customerTier: Tier
  /** @example 60 */
  targetMinutes: number
  /** @example 20 */
  warningPercent: number
  /** @example true */
  isActive: boolean
  createdAt: Date
  updatedAt: Date
}

export class SettingPage {
  data: SettingView[]
  /** Always null: a tenant has nine settings at most. */
  nextCursor: string | null
}
