import type { FieldError } from '../http/problem.js'
import {
  dateProblem,
  readHolidays,
  readIntervals,
  readObject,
  readTimezone,
  type Report,
} from './calendar-input.js'

/** Half-open, as local times `HH:MM`: `["09:00", "17:00"]`. `24:00` is a legal closing. */
export type LocalInterval = [open: string, close: string]

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
export type Weekday = (typeof WEEKDAYS)[number]

/** Weekly hours; a date in `overrides` (`YYYY-MM-DD`) has its intervals instead of its weekday's. */
export type Hours = Partial<Record<Weekday, LocalInterval[]>> & {
  always_open?: true
  overrides?: Record<string, LocalInterval[]>
}

export interface Holiday {
  /** `YYYY-MM-DD`, in the calendar's time zone. */
  date: string
  name?: string
}

/** Business hours. */
export interface CalendarDefinition {
  /** IANA name. */
  timezone: string
  hours: Hours
  /** Dates without open time, overrides or not. */
  holidays: Holiday[]
}

/** A calendar that says too little, or contradicts itself. */
export class InvalidCalendar extends Error {
  /** @param errors every fault that was found, up to `MOST_ERRORS` */
  constructor(readonly errors: FieldError[]) {
    super(errors.map(({ field, message }) => `${field} ${message}`).join('; '))
  }
}

/** A large body full of mistakes must not become a far larger answer. */
const MOST_ERRORS = 100
const MOST_OVERRIDES = 1_000
const FIELDS = { timezone: 'timezone', calendar: 'calendar', holidays: 'holidays' }

/**
 * Reads a calendar from untrusted JSON. Intervals, overrides and holidays come out sorted, days without intervals are
 * left out, a holiday given twice is one.
 * @param fields what the caller's input calls the three, for the errors
 * @throws InvalidCalendar naming each bad field by its path, such as `calendar.mon.0`
 */
export function parseCalendar(
  input: { timezone: unknown; calendar: unknown; holidays: unknown },
  fields: Partial<typeof FIELDS> = {},
): CalendarDefinition {
  const names = { ...FIELDS, ...fields }
  const errors: FieldError[] = []
  const report: Report = (field, message) => {
    if (errors.length < MOST_ERRORS) errors.push({ field, message })
  }
  const timezone = readTimezone(input.timezone, names.timezone, report)
  const hours = readHours(input.calendar, names.calendar, report)
  const holidays = readHolidays(input.holidays, names.holidays, report)
  if (hours.always_open && holidays.length > 0)
    report(names.holidays, 'must be empty in a calendar that is always open')
  if (errors.length > 0) throw new InvalidCalendar(errors)
  return { timezone, hours, holidays }
}

function readHours(value: unknown, field: string, report: Report): Hours {
  const input = readObject(value)
  if (!input) return report(field, 'must be an object such as {"mon": [["09:00", "17:00"]]}') ?? {}
  const keys = Object.keys(input)
  for (const key of keys)
    if (!HOURS_KEYS.includes(key)) report(`${field}.${key}`, `is unknown: there are ${HOURS_KEYS.join(', ')}`)
  if (keys.includes('always_open')) {
    if (input.always_open !== true) report(`${field}.always_open`, 'must be true or left out')
    for (const key of HOURS_KEYS)
      if (key !== 'always_open' && keys.includes(key))
        report(`${field}.${key}`, 'must be left out of a calendar that is always open')
    return { always_open: true }
  }
  const hours: Hours = {}
  for (const day of WEEKDAYS) {
    if (!keys.includes(day)) continue
    const intervals = readIntervals(input[day], `${field}.${day}`, report)
    if (intervals.length > 0) hours[day] = intervals
  }
  const isClosed = (day: Weekday) => !keys.includes(day) || (input[day] as unknown[])?.length === 0
  if (WEEKDAYS.every(isClosed))
    report(field, 'must have open time on a day of the week, or {"always_open": true}')
  const overrides = keys.includes('overrides')
    ? readOverrides(input.overrides, `${field}.overrides`, report)
    : {}
  return Object.keys(overrides).length > 0 ? { ...hours, overrides } : hours
}

const HOURS_KEYS: string[] = [...WEEKDAYS, 'overrides', 'always_open']

function readOverrides(value: unknown, field: string, report: Report): Record<string, LocalInterval[]> {
  const input = readObject(value)
  if (!input) return report(field, 'must be an object such as {"2026-12-24": [["09:00", "12:00"]]}') ?? {}
  const dates = Object.keys(input).sort()
  if (dates.length > MOST_OVERRIDES) return report(field, `must have at most ${MOST_OVERRIDES} dates`) ?? {}
  const read = dates.flatMap((date): [string, LocalInterval[]][] => {
    const problem = dateProblem(date)
    if (problem) report(`${field}.${date}`, problem)
    return problem ? [] : [[date, readIntervals(input[date], `${field}.${date}`, report)]]
  })
  return Object.fromEntries(read)
}
