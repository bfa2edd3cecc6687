import type { AttemptError } from './attempt-error.js'

/** How one request to a receiver went. */
export interface Attempt {
  /** Null when no answer came; otherwise also beside an error that came later. */
  statusCode: number | null
  error: AttemptError | null
  /** A sentence for a person about the error. */
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

/** A receiver that said yes and then much more has taken the delivery: sending it again would only double it. */
export function isSuccess({ statusCode, error }: Attempt): boolean {
  const hasSaidYes = statusCode !== null && statusCode >= 200 && statusCode < 300
  return hasSaidYes && (error === null || error === 'response_too_large')
}
