const LONGEST_MS = 6 * 60 * 60_000
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const MONTH = `(?<month>${MONTHS.join('|')})`
const TIME = String.raw`(?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d)`
/** The three forms that a recipient must accept (RFC 9110, 5.6.7); `Date.parse` alone takes nearly anything for a date. */
const HTTP_DATES = [
  String.raw`(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (?<day>\d\d) ${MONTH} (?<year>\d{4}) ${TIME} GMT`,
  String.raw`(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (?<day>\d\d)-${MONTH}-(?<year>\d\d) ${TIME} GMT`,
  String.raw`(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) ${MONTH} (?<day>[ \d]\d) ${TIME} (?<year>\d{4})`,
].map((form) => new RegExp(`^${form}$`))
/** White space around a value is no part of it (RFC 9112, 5). Long ones are no Retry-After. */
const LONGEST_VALUE = 100

/**
 * How long a Retry-After (RFC 9110, 10.2.3) asks to wait, at most six hours; null when it says nothing that can be meant.
 *
 * @param value seconds or an HTTP date
 */
export function retryAfterMs(value: unknown, now: Date): number | null {
  if (typeof value !== 'string' || value.length > LONGEST_VALUE) return null
  const text = value.trim()
  const ms = /^\d{1,10}$/.test(text) ? Number(text) * 1_000 : msOfDate(text, now) - now.getTime()
  return ms >= 0 ? Math.min(ms, LONGEST_MS) : null
}

/** NaN for what is no HTTP date, or no day of the calendar. */
function msOfDate(text: string, now: Date): number {
  const parts = HTTP_DATES.map((form) => form.exec(text)).find((match) => match !== null)?.groups
  if (!parts) return NaN
  const [day, hour, minute] = [parts.day, parts.hour, parts.minute].map(Number)
  const second = Math.min(Number(parts.second), 59) // 60 is a leap second
  const date = new Date(
    Date.UTC(fullYear(parts.year!, now), MONTHS.indexOf(parts.month!), day!, hour!, minute!, second),
  )
  const isReal = date.getUTCDate() === day && date.getUTCHours() === hour && date.getUTCMinutes() === minute
  return isReal ? date.getTime() : NaN
}

/** Two digits mean no year more than 50 years from now (RFC 9110, 5.6.7). */
function fullYear(year: string, now: Date): number {
  if (year.length === 4) return Number(year)
  const present = now.getUTCFullYear()
  const near = present - (present % 100) + Number(year)
  if (near > present + 50) return near - 100
  return near <= present - 50 ? near + 100 : near
}
