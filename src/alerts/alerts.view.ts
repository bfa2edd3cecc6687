export class AlertView {
  id: number
  emailId: number | null
  type: 'sla.warning' | 'sla.breached'
  severity: 'warning' | 'critical'
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
  unread: number
}
