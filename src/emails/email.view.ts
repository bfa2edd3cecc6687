import type { Kind, Priority, Status, Tier } from './email.entity.js'
import type { ReplyState } from './reply.entity.js'

export class AddressView {
  /** @example "customer@example.com" */
  address: string
  /** @example "Charles Babbage" */
  name: string | null
}

export class ClockView {
  /** @example 9 */
  id: number
  /** @example "first_reply" */
  metric: 'first_reply' | 'next_reply' | 'resolution'
  /**
   * `cancelled`: it ended without a target, or its conversation became one with another.
   * @example "running"
   */
  state: 'running' | 'paused' | 'met' | 'late' | 'cancelled'
  /**
   * The message that started it.
   * @example 42
   */
  emailId: number
  /** @example "2026-03-02T09:00:00.000Z" */
  startedAt: Date
  /**
   * Null: its policy has no such target at present.
   * @example 60
   */
  targetMinutes: number | null
  /**
   * When 20 % of the target is left, or what the policy says.
   * @example "2026-03-02T09:48:00.000Z"
   */
  warningAt: Date | null
  /**
   * Null while it is paused or has no target.
   * @example "2026-03-02T10:00:00.000Z"
   */
  deadlineAt: Date | null
  warnedAt: Date | null
  breachedAt: Date | null
  pausedAt: Date | null
  /** @example null */
  pauseReason: 'waiting_for_customer' | 'on_hold' | null
  stoppedAt: Date | null
}

export class EmailSummaryView {
  /** @example 42 */
  id: number
  /** @example "018f3e2c-7a51-7b1e-9a51-3c1f8c0d2b7e" */
  threadId: string
  /** @example "20260302.1@example.com" */
  messageId: string
  /** @example "The engine does not start" */
  subject: string
  from: AddressView
  /** @example "human" */
  kind: Kind
  /** @example "open" */
  status: Status
  /** @example "high" */
  priority: Priority
  /** @example "vip" */
  customerTier: Tier
  /** @example "billing" */
  category: string | null
  /** @example 7 */
  assigneeId: number | null
  /** @example "2026-03-02T09:00:00.000Z" */
  receivedAt: Date
  repliedAt: Date | null
  resolvedAt: Date | null
  /**
   * The clock of the answer that this message started. Null for mail that awaits no answer, such as automatic replies,
   * and for a message whose conversation awaited one already.
   */
  clock: ClockView | null
}

export class EmailPage {
  data: EmailSummaryView[]
  /**
   * Pass it as `cursor` for the next page; null on the last.
   * @example "WyIyMDI2LTAzLTAyVDA5OjAwOjAwLjAwMFoiLDQyXQ"
   */
  nextCursor: string | null
}

export class AttachmentView {
  /** @example 3 */
  id: number
  /** @example "delivery note.pdf" */
  filename: string
  /** @example "application/pdf" */
  contentType: string
  /** @example "attachment" */
  disposition: string
  contentId: string | null
  /** @example 52731 */
  sizeBytes: number
  /** @example "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" */
  sha256: string
}

export class ReplyView {
  /** @example 5 */
  id: number
  /** @example "6f1c1d1e-8f5e-4c57-9d1f-5b0c5a3e2f10" */
  authorId: string | null
  /** @example "customer@example.com" */
  toAddress: string
  /** @example "Re: The engine does not start" */
  subject: string
  /** @example "Please hold the start button for five seconds." */
  bodyText: string
  bodyHtml: string | null
  /** @example "0b9f4a3e-5d3c-4b8e-8e55-1f5f6f0f7a11@example.com" */
  messageId: string
  /** @example "sent" */
  state: ReplyState
  /** No SMTP_URL is set: it was recorded, and goes out by other means. */
  sentElsewhere: boolean
  /** @example 1 */
  attempts: number
  errorMessage: string | null
  createdAt: Date
  sentAt: Date | null
}

export class ThreadEntryView {
  /** @example 42 */
  id: number
  /** @example "The engine does not start" */
  subject: string
  from: AddressView
  status: Status
  receivedAt: Date
}

export class HistoryEntryView {
  at: Date
  /**
   * An event such as `email.assigned`, or `changed`, `unassigned`, `reopened`; `answered` and `resolved` when that
   * happened to it through another email of its conversation.
   * @example "email.assigned"
   */
  action: string
  actorId: string | null
  detail: Record<string, unknown>
}

export class EmailView extends EmailSummaryView {
  to: AddressView[]
  cc: AddressView[]
  /** @example "It stopped after the last update. What can I do?" */
  bodyText: string
  bodyHtml: string | null
  attachments: AttachmentView[]
  replies: ReplyView[]
  /** Every message of the conversation, oldest first. */
  thread: ThreadEntryView[]
  /** Every clock of the conversation: of first and further replies, and of the resolution. */
  clocks: ClockView[]
  history: HistoryEntryView[]
}

export class ReceivedView extends EmailSummaryView {
  /**
   * True when the mailbox had this Message-ID already: this is the email it has.
   * @example false
   */
  duplicate: boolean
}
