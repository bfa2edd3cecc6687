import type { AttemptError } from './attempt-error.js'

/** How one request to a receiver went. */
export interface Attempt {
  /** Null when no answer came; otherwise also beside what went wrong after it. */
  statusCode: number | null
  /** Why it failed; of a success, what was remarkable about it. */
  error: AttemptError | null
  /** A sentence for a person about that. */
  detail: string | null
  /** The start of the body, decompressed and fit for PostgreSQL; null when there was none. */
  responseBody: string | null
  /** What the Retry-After of a 429 or 503 asked for. */
  retryAfterMs: number | null
  /** From the call to the last byte that was read. */
  durationMs: number
}

/** Of a delivery that has lost its event. */
export const EVENT_GONE: Attempt = {
  ...{ statusCode: null, error: 'event_gone', detail: 'The event was deleted with its email' },
  ...{ responseBody: null, retryAfterMs: null, durationMs: 0 },
}

/** Of one that nothing could be sent to. @param detail which key is missing */
export const secretUnreadable = (detail: string): Attempt => ({
  ...{ statusCode: null, error: 'secret_unreadable', detail },
  ...{ responseBody: null, retryAfterMs: null, durationMs: 0 },
})

/**
 * A receiver that said yes has taken the delivery, whatever became of the rest of its answer: sending it again would only
 * double it.
 */
export const isSuccess = ({ statusCode }: Attempt): boolean => statusCode !== null && isYes(statusCode)

export const isYes = (statusCode: number): boolean => statusCode >= 200 && statusCode < 300
