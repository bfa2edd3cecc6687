import type { EventName } from '../events/catalogue.js'
import type { DeliveryStatus } from './webhook-log.entity.js'

export class WebhookView {
  /** @example 1 */
  id: number
  url: string
  events: EventName[]
  isActive: boolean
  /** The names of the headers sent with every delivery. */
  headers: string[]
  retryCount: number
  lastTriggeredAt: Date | null
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
  id: number
  eventId: string
  eventType: string
  payload: Record<string, unknown>
  status: DeliveryStatus
  statusCode: number | null
  responseBody: string | null
  errorMessage: string | null
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
