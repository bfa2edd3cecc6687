import type { Breaker, Format, InactiveBecause, Ordering } from './webhook.entity.js'
import type { DeliveryStatus } from './webhook-log.entity.js'

export class WebhookView {
  /** @example 1 */
  id: number
  /** @example "https://example.com/hooks/punctual" */
  url: string
  /** @example ["email.received", "sla.*"] */
  events: string[]
  /**
   * The names of the headers sent with every delivery.
   * @example ["X-Team"]
   */
  headers: string[]
  /** @example "json" */
  format: Format
  /** Whether the events of one email are delivered strictly one after another. */
  ordering: Ordering
  /** Only of emails with these; null is any. */
  priorities: string[] | null
  customerTiers: string[] | null
  mailboxIds: number[] | null
  /** Deliveries a second, at most. */
  rateLimit: number | null
  /** @example 3 */
  retryCount: number
  /** @example true */
  isActive: boolean
  inactiveSince: Date | null
  /** Paused by a person, gone (it answered 410), or failing for too long. */
  inactiveBecause: InactiveBecause | null
  /** open: it fails, its deliveries wait, and one is tried now and then. draining: it is back and is given what waited. */
  breaker: Breaker
  outageSince: Date | null
  lastTriggeredAt: Date | null
  /** @example "success" */
  lastStatus: 'success' | 'failed' | null
  lastError: string | null
  createdAt: Date
}

export class SubscribedView extends WebhookView {
  /**
   * Verifies the deliveries. Shown only here.
   * @example "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
   */
  secret: string
}

export class WebhookPage {
  data: WebhookView[]
  /** Pass it as `cursor` for the next page; null on the last. */
  nextCursor: string | null
}

export class DeliveryView {
  /** @example 128 */
  id: number
  /** @example "018f3e2c-7a51-7b1e-9a51-3c1f8c0d2b7e" */
  eventId: string
  /** @example "email.received" */
  eventType: string
  payload: Record<string, unknown>
  /** @example "success" */
  status: DeliveryStatus
  /** @example 204 */
  statusCode: number | null
  responseBody: string | null
  errorMessage: string | null
  /** @example 1 */
  attempts: number
  createdAt: Date
  completedAt: Date | null
  /** When the next attempt is due; null when there is none. */
  dueAt: Date | null
}

export class DeliveryPage {
  data: DeliveryView[]
  /** Pass it as `cursor` for the next page; null on the last. */
  nextCursor: string | null
}
