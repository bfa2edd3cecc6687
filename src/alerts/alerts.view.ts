import type { AlertType } from './alert.entity.js'

export class AlertView {
  /** @example 11 */
  id: number
  /** @example 42 */
  emailId: number | null
  /** The webhook that it is about. */
  webhookId: number | null
  /** @example "sla.warning" */
  type: AlertType
  /** @example "warning" */
  severity: 'info' | 'warning' | 'critical'
  /** @example "20 % of the time to answer is left: The engine does not start" */
  message: string
  readAt: Date | null
  createdAt: Date
}

export class AlertPage {
  data: AlertView[]
  /** Pass it as `cursor` for the next page; null on the last. */
  nextCursor: string | null
}

export class UnreadView {
  /** @example 2 */
  unread: number
}
