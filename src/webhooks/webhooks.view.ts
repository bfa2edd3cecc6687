import { VerificationView } from './webhook-secrets.view.js'
import type { Breaker, Format, InactiveBecause, Ordering, SignatureKey, Webhook } from './webhook.entity.js'

/** Only events about such emails; null is any. */
export class FilterView {
  /** @example ["high"] */
  priorities: string[] | null
  customerTiers: string[] | null
  mailboxIds: number[] | null
}

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
  /**
   * What `X-Webhook-Signature` is keyed with.
   * @example "decoded"
   */
  signatureKey: SignatureKey
  filter: FilterView
  /** Deliveries a second, at most. */
  rateLimit: number | null
  /** @example 3 */
  retryCount: number
  /** @example true */
  isActive: boolean
  inactiveSince: Date | null
  /** Paused by a person, gone (it answered 410), or failing for too long. */
  inactiveBecause: InactiveBecause | null
  /** open: it fails, its deliveries wait, and one is tried now and then. draining: it is back and is given what
   * waited, or will be once the time is over that its receiver asked for: `heldUntil`. */
  breaker: Breaker
  outageSince: Date | null
  /** Its receiver has asked for time (Retry-After): nothing is sent before this instant. Null when it has not. */
  heldUntil: Date | null
  lastTriggeredAt: Date | null
  /** @example "success" */
  lastStatus: 'success' | 'failed' | null
  lastError: string | null
  createdAt: Date
}

export class SubscribedView extends WebhookView {
  /**
   * Verifies the deliveries, as `verification` says: the key is the base64 after `whsec_`, as bytes, unless `signatureKey` is raw.
   * Shown here and when it is asked for.
   * @example "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
   */
  secret: string
  verification: VerificationView
}

export class WebhookPage {
  data: WebhookView[]
  /** Pass it as `cursor` for the next page; null on the last. */
  nextCursor: string | null
}

/** What may be shown: the secrets may not. */
export const viewOf = (webhook: Webhook): WebhookView => ({
  id: webhook.id,
  url: webhook.url,
  events: webhook.events,
  headers: Object.keys(webhook.headers),
  format: webhook.format,
  ordering: webhook.ordering,
  signatureKey: webhook.signatureKey,
  filter: {
    priorities: webhook.priorities ?? null,
    customerTiers: webhook.customerTiers ?? null,
    mailboxIds: webhook.mailboxIds ?? null,
  },
  rateLimit: webhook.rateLimit ?? null,
  retryCount: webhook.retryCount,
  isActive: webhook.isActive,
  inactiveSince: webhook.inactiveSince,
  inactiveBecause: webhook.inactiveBecause,
  breaker: webhook.breaker,
  outageSince: webhook.outageSince,
  heldUntil: webhook.heldUntil,
  lastTriggeredAt: webhook.lastTriggeredAt,
  lastStatus: webhook.lastStatus,
  lastError: webhook.lastError,
  createdAt: webhook.createdAt,
})
