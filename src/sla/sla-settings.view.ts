import type { Priority, Tier } from '../emails/email.entity.js'

export class SettingView {
  id: number
  priority: Priority
  customerTier: Tier
  targetMinutes: number
  warningPercent: number
  isActive: boolean
  createdAt: Date
  updatedAt: Date
}

export class SettingPage {
  data: SettingView[]
  /** Always null: a tenant has nine settings at most. */
  nextCursor: string | null
}
