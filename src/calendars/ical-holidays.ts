import ICAL from 'ical.js'
import type { Temporal } from 'temporal-polyfill'
import { oneLine } from '../emails/mail-text.js'
import { RefusedSource, type Found, type IcalSource } from './holiday-sources.js'
import { propertiesOf, spanOf, textOf, Unusable, wallIn } from './ical-event.js'
import type { JCalComponent, JCalProperty, Span } from './ical-event.js'
import { dateOf, dayNumber, startsOf, type DayNumber } from './ical-recurrence.js'

const MAX_EVENTS = 5_000
/** Occurrences and days looked at in a file. Daily ones of a century are 36,525. */
const MAX_STEPS = 50_000
const MAX_DAYS = 366

/**
 * The days that a file's events cover from midnight to midnight. Feeds of public holidays mark them TRANSPARENT, as
 * they make nobody busy: they are holidays all the same. Only what is CANCELLED is none.
 * @throws RefusedSource for what is no calendar, or too much of one
 */
export function holidaysInIcal({ raw, timezone, from, to }: IcalSource): Found {
  const events = eventsIn(raw)
  const replaced = replacedIn(events)
  const [first, last] = [Date.parse(from), Date.parse(to)].map((ms) => ms / 86_400_000) as [number, number]
  const step = countDown()
  const names = new Map<DayNumber, string>()
  const skipped: Found['skipped'] = []
  for (const event of events) {
    const summary = textOf(event, 'summary') || 'Holiday'
    try {
      const series = propertiesOf(event, 'recurrence-id').length > 0 ? [] : replaced.get(textOf(event, 'uid'))
      const days = daysOf(event, { timezone, first, last, replaced: series ?? [], step })
      if (days.size === 0) throw new Unusable(`has no day from ${from} to ${to}`)
      for (const day of days) if (!names.has(day)) names.set(day, summary)
    } catch (error) {
      if (error instanceof RefusedSource) throw error
      skipped.push({ summary, reason: error instanceof Unusable ? error.message : 'cannot be read' })
    }
  }
  const holidays = [...names].sort(([a], [b]) => a - b).map(([day, name]) => ({ date: dateOf(day), name }))
  return { holidays, skipped }
}

function eventsIn(raw: Uint8Array): JCalComponent[] {
  const calendars = rootsOf(new TextDecoder().decode(raw)).filter(([name]) => name === 'vcalendar')
  if (calendars.length === 0) throw new RefusedSource('is not an iCalendar file: it has no VCALENDAR')
  const events = calendars.flatMap(([, , components]) => components.filter(([name]) => name === 'vevent'))
  if (events.length > MAX_EVENTS) throw new RefusedSource(`has more than ${MAX_EVENTS} events`)
  return events
}

/** One file may hold several calendars, one after another. */
function rootsOf(text: string): JCalComponent[] {
  try {
    const parsed = ICAL.parse(text) as unknown as JCalComponent | JCalComponent[]
    return typeof parsed[0] === 'string' ? [parsed as JCalComponent] : (parsed as JCalComponent[])
  } catch (error) {
    // Of properties outside any component ical.js knows nothing better to say than a TypeError.
    const why = error instanceof TypeError ? 'it does not begin with a component' : (error as Error).message
    throw new RefusedSource(`is not an iCalendar file: ${oneLine(why, 100)}`)
  }
}

/** Which occurrences of a series were moved or cancelled, by its UID: events of their own say so. */
function replacedIn(events: JCalComponent[]): Map<string, JCalProperty[]> {
  const replaced = new Map<string, JCalProperty[]>()
  for (const event of events) {
    const places = propertiesOf(event, 'recurrence-id')
    const uid = textOf(event, 'uid')
    if (places.length > 0) replaced.set(uid, [...(replaced.get(uid) ?? []), ...places])
  }
  return replaced
}

interface Search {
  timezone: string
  first: DayNumber
  last: DayNumber
  replaced: JCalProperty[]
  step: () => void
}

/** Between `first` and `last`. @throws Unusable when there are none because it covers no whole day */
function daysOf(event: JCalComponent, search: Search): Set<DayNumber> {
  const { timezone, first, last, step } = search
  if (textOf(event, 'status') === 'CANCELLED') throw new Unusable('is cancelled')
  const span = spanOf(event, timezone)
  const begin = dayNumber(span.start)
  const days = new Set<DayNumber>()
  let isWhole = false
  for (const start of startsOf(event, span, search)) {
    const covered = coveredDays(span, start - begin, timezone)
    if (!covered) continue
    isWhole = true
    for (let day = Math.max(covered.first, first); day <= Math.min(covered.last, last); day++) {
      step()
      days.add(day)
    }
  }
  if (!isWhole && !coveredDays(span, 0, timezone)) throw new Unusable('covers only part of a day')
  return days
}

/** What a span, so many days later, covers in a time zone; undefined unless that is whole days. */
function coveredDays({ zone, start, end }: Span, days: number, timezone: string) {
  const local = (wall: Temporal.PlainDateTime) =>
    zone === timezone ? wall : wallIn(timezone, { wall: wall.add({ days }), zone })
  const [from, to] = [local(start), local(end)]
  if (minuteOf(from) > 0) return undefined
  const shift = zone === timezone ? days : 0
  const first = dayNumber(from) + shift
  // Some write the last minute of a day for its end.
  const last = dayNumber(to) + shift - (minuteOf(to) === 0 ? 1 : 0)
  if (last < first || (minuteOf(to) > 0 && minuteOf(to) < LAST_MINUTE)) return undefined
  if (last - first >= MAX_DAYS) throw new Unusable('is longer than a year')
  return { first, last }
}

const LAST_MINUTE = 23 * 60 + 59
const minuteOf = ({ hour, minute, second }: Temporal.PlainDateTime) => hour * 60 + minute + second / 60

function countDown(): () => void {
  let left = MAX_STEPS
  return () => {
    if (left-- <= 0) throw new RefusedSource(`has more than ${MAX_STEPS} occurrences`)
  }
}
