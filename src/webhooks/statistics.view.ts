export class PercentilesView {
  /** @example 42 */
  p50: number | null
  /** @example 180 */
  p95: number | null
}

export class ErrorCountView {
  /** @example "timed_out" */
  error: string
  /** @example 3 */
  attempts: number
}

export class LastErrorView {
  /** @example "unexpected_status" */
  error: string
  detail: string | null
  /** @example 503 */
  statusCode: number | null
  at: Date
}

export class BacklogView {
  /**
   * Deliveries that are due or tried again at their time. At most 100,000 are counted.
   * @example 2
   */
  pending: number
  /**
   * Deliveries that are held back: by a pause, an outage, a rate limit or an earlier event of their email. At most
   * 100,000 are counted.
   * @example 0
   */
  parked: number
  /** Since when the oldest of those counted waits. */
  oldestSince: Date | null
}

export class StatisticsView {
  /** Since when the deliveries counted were created: later than asked where there are more than 10,000. */
  since: Date
  /** @example 120 */
  deliveries: number
  /** @example 118 */
  succeeded: number
  /** @example 2 */
  failed: number
  /**
   * Of those that are over; null when none is.
   * @example 98
   */
  successPercent: number | null
  /** @example 125 */
  attempts: number
  /** Of attempts, in milliseconds. */
  latencyMs: PercentilesView
  /** From the event until its delivery succeeded, in milliseconds. */
  delayMs: PercentilesView
  /** Most frequent first. */
  errors: ErrorCountView[]
  lastError: LastErrorView | null
  /** Now, whenever it began. */
  backlog: BacklogView
}
