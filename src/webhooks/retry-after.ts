const LONGEST_MS = 6 * 60 * 60_000
/** The one form of a date that RFC 9110 lets be sent. `Date.parse` alone takes nearly anything for a date. */
const HTTP_DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/

/**
 * How long a Retry-After (RFC 9110, 10.2.3) asks to wait, at most six hours; null when it says nothing that can be meant.
 *
 * @param value seconds or an HTTP date
 */
export function retryAfterMs(value: unknown, now: Date): number | null {
  if (typeof value !== 'string') return null
  const isSeconds = /^\d{1,10}$/.test(value)
  const ms = isSeconds
    ? Number(value) * 1_000
    : HTTP_DATE.test(value)
      ? Date.parse(value) - now.getTime()
      : -1
  return ms >= 0 ? Math.min(ms, LONGEST_MS) : null
}
