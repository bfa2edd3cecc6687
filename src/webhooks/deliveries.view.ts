import type { DeliveryStatus } from './webhook-log.entity.js'

export class DeliveryView {
  /** @example 128 */
  id: number
  /** @example "018f3e2c-7a51-7b1e-9a51-3c1f8c0d2b7e" */
  eventId: string
  /** @example "email.received" */
  eventType: string
  /** Null once its email was deleted, and its events with it. */
  payload: Record<string, unknown> | null
  /** @example "success" */
  status: DeliveryStatus
  /** @example 204 */
  statusCode: number | null
  responseBody: string | null
  errorMessage: string | null
  /** @example 1 */
  attempts: number
  /** A sample that was asked for. */
  isTest: boolean
  createdAt: Date
  completedAt: Date | null
  /** When the next attempt is due; null when there is none, while it is under way, and while the delivery is held back without an end that is known. */
  dueAt: Date | null
}

export class DeliveryPage {
  data: DeliveryView[]
  /** Pass it as `cursor` for the next page; null on the last. */
  nextCursor: string | null
}

export class AttemptView {
  /** @example 1 */
  number: number
  startedAt: Date
  /** @example 42 */
  durationMs: number
  /** @example 204 */
  statusCode: number | null
  /** Its name, such as `timed_out`. Beside a 2xx it is a remark: the attempt was a success, and nothing is sent again. */
  error: string | null
  /** What exactly was wrong, for a person: of a failed connection, each address that was tried and its fate. */
  detail: string | null
  /** The beginning of it. */
  responseBody: string | null
}

export class DeliveryDetailView extends DeliveryView {
  /** The newest hundred, in their order. */
  attemptLog: AttemptView[]
}

export class QueuedView {
  /**
   * The delivery's.
   * @example 128
   */
  id: number
  /**
   * What the receiver sees as `webhook-id`.
   * @example "018f3e2c-7a51-7b1e-9a51-3c1f8c0d2b7e"
   */
  eventId: string
}
