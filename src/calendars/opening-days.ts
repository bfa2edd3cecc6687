import { Temporal } from 'temporal-polyfill'
import { BusinessCalendar } from './business-calendar.js'
import { WEEKDAYS, type CalendarDefinition } from './calendar-definition.js'
import type { OpenDayView } from './calendars.view.js'

const MINUTE_MS = 60_000

/** What a calendar says of each local day from one date to another, both inclusive. */
export function openingDays(
  definition: CalendarDefinition,
  from: Temporal.PlainDate,
  to: Temporal.PlainDate,
) {
  const calendar = BusinessCalendar.compile(definition)
  const holidays = new Map(definition.holidays.map(({ date, name }) => [date, name ?? 'Holiday']))
  const startOf = (date: Temporal.PlainDate) => date.toZonedDateTime(definition.timezone).epochMilliseconds
  const days: OpenDayView[] = []
  let start = startOf(from)
  for (let day = from; Temporal.PlainDate.compare(day, to) <= 0; day = day.add({ days: 1 })) {
    const end = startOf(day.add({ days: 1 }))
    const open = [...calendar.openIntervals(start, end)]
    const date = day.toString()
    days.push({
      date,
      weekday: WEEKDAYS[day.dayOfWeek - 1]!,
      open: open.map((interval) => ({ from: new Date(interval.from), to: new Date(interval.to) })),
      openMinutes: open.reduce((sum, interval) => sum + interval.to - interval.from, 0) / MINUTE_MS,
      holiday: holidays.get(date) ?? null,
      override: Object.hasOwn(definition.hours.overrides ?? {}, date),
    })
    start = end
  }
  return days
}
