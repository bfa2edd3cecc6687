import { Temporal } from 'temporal-polyfill'
import { dayOf, timeOfDay } from './local-time.js'

/** Takes down what is wrong with a field, said so that it reads on after the field's name. */
export type Report = (field: string, message: string) => void

const MOST_INTERVALS = 12
const MOST_HOLIDAYS = 2_000
const LONGEST_NAME = 200
const FIRST_YEAR = 1970
const LAST_YEAR = 2200
const IANA_NAME = /^[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+)*$/
const LONGEST_IANA_NAME = 64

/** The zone's name with the letters in their usual case. Aliases stay: nobody who lives in Kyiv looks for Kiev. */
export function readTimezone(value: unknown, field: string, report: Report): string {
  if (typeof value !== 'string') return report(field, 'must be a name such as Europe/Berlin') ?? ''
  // Temporal would also take +02:00, which knows nothing of daylight saving, and whole instants.
  if (value.length <= LONGEST_IANA_NAME && IANA_NAME.test(value)) {
    try {
      return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(value).timeZoneId
    } catch {
      // reported below
    }
  }
  return report(field, 'must be a time zone of the IANA database, such as Europe/Berlin') ?? ''
}

/** Sorted by opening. Touching is fine, overlapping is not. */
export function readIntervals(value: unknown, field: string, report: Report): [string, string][] {
  if (!Array.isArray(value)) return report(field, 'must be a list such as [["09:00", "17:00"]]') ?? []
  if (value.length > MOST_INTERVALS)
    return report(field, `must have at most ${MOST_INTERVALS} intervals a day`) ?? []
  const read = value.flatMap((pair: unknown, index) => {
    const problem = intervalProblem(pair)
    if (problem) return report(`${field}.${index}`, problem) ?? []
    const [opening, closing] = pair as [string, string]
    return [{ opening, closing, index }]
  })
  read.sort((a, b) => (a.opening < b.opening ? -1 : 1))
  let last = read[0]
  for (const one of read.slice(1)) {
    if (one.opening < last!.closing)
      report(`${field}.${one.index}`, `must not overlap with ${last!.opening} to ${last!.closing}`)
    if (one.closing > last!.closing) last = one
  }
  return read.map(({ opening, closing }) => [opening, closing])
}

/** Sorted by date; of a date that is there twice the first name counts. */
export function readHolidays(
  value: unknown,
  field: string,
  report: Report,
): { date: string; name?: string }[] {
  if (value === undefined) return []
  if (!Array.isArray(value)) return report(field, 'must be a list of dates such as 2026-12-25') ?? []
  if (value.length > MOST_HOLIDAYS) return report(field, `must have at most ${MOST_HOLIDAYS} dates`) ?? []
  const names = new Map<string, string | undefined>()
  value.forEach((item: unknown, index) => {
    const holiday = readHoliday(item, `${field}.${index}`, report)
    if (holiday) names.set(holiday.date, names.get(holiday.date) ?? holiday.name)
  })
  return [...names]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([date, name]) => (name ? { date, name } : { date }))
}

/** What is wrong with a date, if anything. */
export function dateProblem(value: unknown): string | undefined {
  const day = typeof value === 'string' ? dayOf(value) : NaN
  if (Number.isNaN(day)) return 'must be a date that exists, as YYYY-MM-DD'
  const year = new Date(day).getUTCFullYear()
  return year < FIRST_YEAR || year > LAST_YEAR
    ? `must lie in the years ${FIRST_YEAR} to ${LAST_YEAR}`
    : undefined
}

/** The value as an object to read by its own keys, or nothing. */
export function readObject(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined
}

function intervalProblem(pair: unknown): string | undefined {
  if (!Array.isArray(pair) || pair.length !== 2)
    return 'must be an opening and a closing, as ["09:00", "17:00"]'
  const [opening, closing] = pair.map((time: unknown) => (typeof time === 'string' ? timeOfDay(time) : NaN))
  if (Number.isNaN(opening) || Number.isNaN(closing)) return 'must have times as HH:MM, from 00:00 to 24:00'
  if (pair[0] === '24:00') return 'must not open at 24:00: that is 00:00 of the next day'
  if (closing! <= opening!)
    return 'must close after it opens: a shift across midnight is one interval until 24:00 and one from 00:00'
}

function readHoliday(item: unknown, field: string, report: Report) {
  const object = readObject(item)
  const date = object ? object.date : item
  const problem = dateProblem(date)
  if (problem) report(object ? `${field}.date` : field, problem)
  for (const key of Object.keys(object ?? {}))
    if (key !== 'date' && key !== 'name')
      report(`${field}.${key}`, 'is unknown: a holiday has a date and a name')
  const name = object?.name
  const isName = name === undefined || (typeof name === 'string' && name.length <= LONGEST_NAME)
  if (!isName) report(`${field}.name`, `must be a text of at most ${LONGEST_NAME} characters`)
  return problem || !isName ? undefined : { date: date as string, name: name?.trim() }
}
