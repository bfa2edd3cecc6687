import type { Kind, Priority, Status, Tier } from './email.entity.js'
import type { ReplyState } from './reply.entity.js'

export class AddressView {
  address: string
  name: string | null
}

export class ClockView {
  state: 'running' | 'met' | 'late'
  startedAt: Date
  targetMinutes: number
  /** When 20 % of the target is left. */
  warningAt: Date
  deadlineAt: Date
  warnedAt: Date | null
  breachedAt: Date | null
  stoppedAt: Date | null
}

export class EmailSummaryView {
  /** @example 42 */
  id: number
  threadId: string
  messageId: string
  subject: string
  from: AddressView
  kind: Kind
  status: Status
  priority: Priority
  customerTier: Tier
  category: string | null
  assigneeId: number | null
  receivedAt: Date
  repliedAt: Date | null
  resolvedAt: Date | null
  /** Null for mail that awaits no answer, such as automatic replies. */
  clock: ClockView | null
}

export class EmailPage {
  data: EmailSummaryView[]
  /** Pass it as `cursor` for the next page; null on the last. */
  nextCursor: string | null
}

export class AttachmentView {
  id: number
  filename: string
  contentType: string
  disposition: string
  contentId: string | null
  sizeBytes: number
  sha256: string
}

export class ReplyView {
  id: number
  authorId: string | null
  toAddress: string
  subject: string
  bodyText: string
  bodyHtml: string | null
  messageId: string
  state: ReplyState
  /** No SMTP_URL is set: it was recorded, and goes out by other means. */
  sentElsewhere: boolean
  attempts: number
  errorMessage: string | null
  createdAt: Date
  sentAt: Date | null
}

export class ThreadEntryView {
  id: number
  subject: string
  from: AddressView
  status: Status
  receivedAt: Date
}

export class HistoryEntryView {
  at: Date
  /** An event such as `email.assigned`, or `changed`, `unassigned`, `reopened`. */
  action: string
  actorId: string | null
  detail: Record<string, unknown>
}

export class EmailView extends EmailSummaryView {
  to: AddressView[]
  cc: AddressView[]
  bodyText: string
  bodyHtml: string | null
  attachments: AttachmentView[]
  replies: ReplyView[]
  /** Every message of the conversation, oldest first. */
  thread: ThreadEntryView[]
  history: HistoryEntryView[]
}

export class ReceivedView extends EmailView {
  /** True when the mailbox had this Message-ID already: this is the email it has. */
  duplicate: boolean
}
