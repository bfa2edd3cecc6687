import type { Priority, Tier } from '../emails/email.entity.js'
import type { Escalation } from './sla-setting.entity.js'

export class SettingView {
  /** @example 1 */
  id: number
  /** @example "VIP billing" */
  name: string
  /**
   * The first in this order whose conditions all hold decides.
   * @example 1
   */
  position: number
  /**
   * Grows with every change of what it says; clocks name the version that they were computed with.
   * @example 1
   */
  version: number
  /** The default takes whatever no other policy takes. */
  isDefault: boolean
  /** @example true */
  isActive: boolean
  /** @example ["high"] */
  priorities: Priority[] | null
  /** @example ["vip"] */
  customerTiers: Tier[] | null
  /** @example [1] */
  mailboxIds: number[] | null
  /** @example ["billing"] */
  categories: string[] | null
  /** @example ["example.com"] */
  senderDomains: string[] | null
  /** @example 60 */
  firstReplyMinutes: number | null
  /** @example 120 */
  nextReplyMinutes: number | null
  /** @example 2880 */
  resolutionMinutes: number | null
  /** @example 1 */
  calendarId: number | null
  /** @example 20 */
  warningPercent: number
  /** @example ["notify"] */
  onWarning: Escalation[]
  /** @example ["notify"] */
  onBreach: Escalation[]
  createdAt: Date
  updatedAt: Date
}

export class SettingPage {
  data: SettingView[]
  /** Always null: all of a tenant's policies come at once, in their order. */
  nextCursor: string | null
}

export class RecomputationView {
  /**
   * Changes of policies and calendars so far that clocks depend on.
   * @example 7
   */
  revision: number
  /** True once every running clock follows the last of them. */
  isComplete: boolean
  /**
   * Clocks that it has yet to reach; at most 10,000 are counted. Each is computed anew before it warns, breaches or
   * stops, whatever its turn.
   * @example 0
   */
  pendingClocks: number
  changedAt: Date | null
}
