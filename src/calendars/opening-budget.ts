import { WEEKDAYS, type CalendarDefinition, type LocalInterval } from './calendar-definition.js'
import { DAY, dayOf, timeOfDay } from './local-time.js'
import { weekdayOf } from './open-hours.js'

/** They are compiled and counted one by one, and meanwhile nobody else is served: so many take some 50 ms. */
export const MOST_OPENINGS = 25_000
/** Half of what `BusinessCalendar` can count: pauses and changes of the calendar leave a clock far from that edge. */
const MOST_YEARS = 50
const MOST_WEEKS = (MOST_YEARS * 365.25) / 7

/**
 * Why no clock can count such a target by this calendar, if so, said so that it reads on after the target's name. Judged
 * for a clock that starts at whatever instant, with every holiday and override ahead of it, before any work is done.
 */
export function targetProblem(calendar: CalendarDefinition, targetMs: number): string | undefined {
  if (openingsNeeded(calendar, targetMs) > MOST_OPENINGS)
    return `must be used up within ${MOST_OPENINGS} opening intervals of its calendar`
  if (weeksNeeded(calendar, targetMs) > MOST_WEEKS)
    return `must be used up within ${MOST_YEARS} years by its calendar`
}

/**
 * Opening intervals until a target is used up, at most.
 * @param waitMs for how long the clock stands still meanwhile
 */
export function openingsNeeded(calendar: CalendarDefinition, targetMs: number, waitMs = 0): number {
  if (calendar.hours.always_open) return 0
  const { days, count, openMs } = weekOf(calendar)
  const overrides = Object.values(calendar.hours.overrides ?? {}).flat().length
  const weeks = Math.ceil(targetMs / openMs) + Math.ceil(waitMs / (7 * DAY))
  // A date that is closed takes its own intervals away, and its open time is made up for by those of other days.
  const delays = closedDays(calendar).map((day) => (days[day]!.openMs / openMs) * count - days[day]!.count)
  return weeks * count + overrides + delays.reduce((sum, delay) => sum + Math.max(0, delay), 0)
}

/** Weeks until a target is used up, at most, but for clocks that are set forward over open hours. */
function weeksNeeded(calendar: CalendarDefinition, targetMs: number): number {
  if (calendar.hours.always_open) return targetMs / (7 * DAY)
  const { days, openMs } = weekOf(calendar)
  const closedMs = closedDays(calendar).reduce((sum, day) => sum + days[day]!.openMs, 0)
  return (targetMs + closedMs) / openMs
}

function weekOf({ hours }: CalendarDefinition) {
  const days = WEEKDAYS.map((day) => openingsOf(hours[day] ?? []))
  const openMs = days.reduce((sum, day) => sum + day.openMs, 0)
  return { days, openMs, count: days.reduce((sum, day) => sum + day.count, 0) }
}

/** The weekday of each date that a holiday closes, or an override may. */
function closedDays({ hours, holidays }: CalendarDefinition): number[] {
  const dates = [...Object.keys(hours.overrides ?? {}), ...holidays.map(({ date }) => date)]
  return [...new Set(dates)].map((date) => weekdayOf(dayOf(date)))
}

const openingsOf = (intervals: LocalInterval[]) => ({
  count: intervals.length,
  openMs: intervals.reduce((sum, [from, to]) => sum + timeOfDay(to) - timeOfDay(from), 0),
})
