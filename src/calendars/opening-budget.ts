import { WEEKDAYS, type CalendarDefinition, type LocalInterval } from './calendar-definition.js'
import { DAY, dayOf, timeOfDay } from './local-time.js'
import { weekdayOf } from './open-hours.js'

/** They are compiled and counted one by one, and meanwhile nobody else is served: so many take some 50 ms. */
export const MOST_OPENINGS = 25_000
/** Half of what `BusinessCalendar` can count: pauses and changes of the calendar leave a clock far from that edge. */
const MOST_YEARS = 50
const WEEK = 7 * DAY
const MOST_WEEKS = (MOST_YEARS * 365.25) / 7

/**
 * Why no clock can count such a target by this calendar, if so, said so that it reads on after the target's name. Judged
 * for a clock that starts at whatever instant, with every holiday and override ahead of it, before any work is done.
 */
export function targetProblem(calendar: CalendarDefinition, targetMs: number): string | undefined {
  const { openings, weeks } = needsOf(calendar, targetMs)
  if (openings > MOST_OPENINGS)
    return `must be used up within ${MOST_OPENINGS} opening intervals of its calendar`
  if (weeks > MOST_WEEKS) return `must be used up within ${MOST_YEARS} years by its calendar`
}

/**
 * Opening intervals until a target is used up, at most, but for a few where clocks are set forward over open hours.
 * @param waitMs for how long the clock stands still meanwhile
 */
export const openingsNeeded = (calendar: CalendarDefinition, targetMs: number, waitMs = 0): number =>
  needsOf(calendar, targetMs, waitMs).openings

function needsOf({ hours, holidays }: CalendarDefinition, targetMs: number, waitMs = 0) {
  if (hours.always_open) return { openings: 0, weeks: (targetMs + waitMs) / WEEK }
  const days = WEEKDAYS.map((day) => openingsOf(hours[day] ?? []))
  const week = { count: sum(days.map(({ count }) => count)), openMs: sum(days.map(({ openMs }) => openMs)) }
  const overrides = hours.overrides ?? {}
  const closed = new Set([...Object.keys(overrides), ...holidays.map(({ date }) => date)])
  const closedDays = Array.from(closed, (date) => days[weekdayOf(dayOf(date))]!)
  // A date that is closed takes its own intervals away, and its open time is made up for by those of other days.
  const delays = closedDays.map(({ count, openMs }) =>
    Math.max(0, (openMs / week.openMs) * week.count - count),
  )
  const overridden = Object.values(overrides).flat().length
  // A week more than the average says, since a part of one may hold all its short intervals.
  const openWeeks = targetMs / week.openMs + 1 + Math.ceil(waitMs / WEEK)
  return {
    // One more: a clock that starts in the midst of an interval may well end in the midst of it, weeks later.
    openings: openWeeks * week.count + 1 + overridden + sum(delays),
    weeks: (targetMs + sum(closedDays.map(({ openMs }) => openMs))) / week.openMs + waitMs / WEEK,
  }
}

const openingsOf = (intervals: LocalInterval[]) => ({
  count: intervals.length,
  openMs: intervals.reduce((sum, [from, to]) => sum + timeOfDay(to) - timeOfDay(from), 0),
})

const sum = (numbers: number[]) => numbers.reduce((total, one) => total + one, 0)
