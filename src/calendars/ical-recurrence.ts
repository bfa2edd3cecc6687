import ICAL from 'ical.js'
import { Temporal } from 'temporal-polyfill'
import {
  momentOf,
  propertiesOf,
  Unusable,
  wallIn,
  type JCalComponent,
  type JCalProperty,
  type Span,
} from './ical-event.js'

/** Days since 1970, which are cheaper to count than to build dates of. */
export type DayNumber = number

const DAY_MS = 86_400_000
const BY_DAYS = new Set(['DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'])

export const dayNumber = ({ year, month, day }: { year: number; month: number; day: number }): DayNumber =>
  new Date(0).setUTCFullYear(year, month - 1, day) / DAY_MS

export const dateOf = (day: DayNumber): string => new Date(day * DAY_MS).toISOString().slice(0, 10)

/**
 * The days on which an event starts, in its own time zone, from its first to `last`: those of its rules and RDATEs
 * but not its EXDATEs, nor those that another event of its series replaces.
 * @param step called for every occurrence looked at; ends the search by throwing
 * @throws Unusable for a rule that repeats within a day
 */
export function* startsOf(
  event: JCalComponent,
  { zone, start }: Span,
  { timezone, last, replaced, step }: Search,
): Generator<DayNumber> {
  const datesOf = (properties: JCalProperty[]) =>
    properties.flatMap((property) =>
      property.slice(3).map((value) => {
        const moment = momentOf(property, timezone, Array.isArray(value) ? value[0] : value)
        return dayNumber(wallIn(zone, moment))
      }),
    )
  const without = new Set(datesOf([...propertiesOf(event, 'exdate'), ...replaced]))
  const rules = propertiesOf(event, 'rrule')
  if (rules.length === 0) yield* [dayNumber(start)].filter((day) => !without.has(day))
  for (const rule of rules)
    for (const day of daysOfRule(rule[3] as RuleData, zone, start)) {
      step()
      if (day > last) break
      if (!without.has(day)) yield day
    }
  yield* datesOf(propertiesOf(event, 'rdate')).filter((day) => !without.has(day))
}

export interface Search {
  /** Of the calendar that takes the event in. */
  timezone: string
  last: DayNumber
  replaced: JCalProperty[]
  step: () => void
}

type RuleData = Record<string, unknown> & { freq?: string; until?: string }

function* daysOfRule(data: RuleData, zone: string, start: Temporal.PlainDateTime): Generator<DayNumber> {
  const isWithinDay = ['byhour', 'byminute', 'bysecond'].some((part) => part in data)
  if (!BY_DAYS.has(data.freq ?? '') || isWithinDay) throw new Unusable('repeats within a day')
  const until = data.until === undefined ? undefined : icalDate(lastDay(data.until, zone, start))
  const days = ICAL.Recur.fromData({ ...data, until } as never).iterator(icalDate(start))
  for (let day = days.next(); day; day = days.next()) yield dayNumber(day)
}

/** UNTIL is an instant in UTC where the start is a time, and the day of the last occurrence is wanted. */
function lastDay(until: string, zone: string, start: Temporal.PlainDateTime): Temporal.PlainDate {
  const type = until.includes('T') ? 'date-time' : 'date'
  const wall = wallIn(zone, momentOf(['until', {}, type, until], zone))
  const isTooEarly =
    type === 'date-time' && Temporal.PlainTime.compare(wall.toPlainTime(), start.toPlainTime()) < 0
  return wall.toPlainDate().subtract({ days: isTooEarly ? 1 : 0 })
}

const icalDate = ({ year, month, day }: { year: number; month: number; day: number }) =>
  new ICAL.Time({ year, month, day, isDate: true }, ICAL.Timezone.localTimezone)
