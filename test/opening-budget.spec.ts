import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { BusinessCalendar } from '../src/calendars/business-calendar.js'
import { parseCalendar, type CalendarDefinition } from '../src/calendars/calendar-definition.js'
import { openingsNeeded, targetProblem } from '../src/calendars/opening-budget.js'
import { situations } from './support/business-zones.js'

const MINUTE = 60_000
const DAY = 1_440 * MINUTE
const START = Date.UTC(2026, 2, 2)
/** Of every weekday. */
const TEN_MINUTES = Array.from({ length: 12 }, (_, n) => [`${n + 10}:00`, `${n + 10}:10`])

it('no target looks at more opening intervals than are counted beforehand', () => {
  const cases = fc.tuple(situations, fc.nat(100 * DAY), fc.nat(30 * DAY))
  fc.assert(
    fc.property(cases, ([{ at, definition }, targetMs, waitMs]) => {
      const parsed = parseCalendar({ ...definition, timezone: 'UTC' })
      const calendar = BusinessCalendar.compile(parsed)
      const end = calendar.deadline(at + waitMs, targetMs)
      const opened = [...calendar.openIntervals(at, end)].length
      expect(opened).toBeLessThanOrEqual(openingsNeeded(parsed, targetMs, waitMs))
    }),
    { numRuns: 1_000 },
  )
})

it('a clock that starts in the midst of an interval counts it again when it ends there', () => {
  const definition = calendarOf({ mon: [['09:00', '17:00']], tue: [['09:00', '17:00']] })
  const [start, target] = [START + 10 * 60 * MINUTE, 960 * MINUTE]
  expect(opened(definition, start, target)).toBe(3)
  expect(openingsNeeded(definition, target)).toBeGreaterThanOrEqual(3)
})

it('a part of a week may hold all of its short intervals', () => {
  const hours = { mon: [['00:00', '24:00']], tue: TEN_MINUTES }
  const definition = calendarOf(hours, ['2026-03-09', '2026-03-16'])
  const [tuesday, target] = [START + DAY, 26 * 60 * MINUTE]
  expect(opened(definition, tuesday, target)).toBe(3 * 12 + 1)
  expect(openingsNeeded(definition, target)).toBeGreaterThanOrEqual(3 * 12 + 1)
})

it('dates that are closed are made up for by the intervals of other days', () => {
  const short = ['mon', 'tue', 'wed', 'thu', 'fri'].map((day) => [day, TEN_MINUTES])
  const hours = { ...Object.fromEntries(short), sun: [['00:00', '24:00']] }
  const sundays = Array.from({ length: 200 }, (_, week) => dateOf(START + (6 + 7 * week) * DAY))
  const target = 60_000 * MINUTE
  const count = (definition: CalendarDefinition) => opened(definition, START, target)
  const open = calendarOf(hours)
  const closed = calendarOf(hours, sundays)
  const overridden = calendarOf({
    ...hours,
    overrides: Object.fromEntries(sundays.map((date) => [date, []])),
  })
  expect(count(closed)).toBeGreaterThan(count(open) + 2_000)
  for (const definition of [open, closed, overridden])
    expect(openingsNeeded(definition, target)).toBeGreaterThanOrEqual(count(definition))
})

it('a target is refused when it takes 25,000 openings or 50 years, wherever the closed dates lie', () => {
  const dense = { mon: TEN_MINUTES, tue: TEN_MINUTES, thu: TEN_MINUTES }
  expect(targetProblem(calendarOf(dense), 249_000 * MINUTE)).toBeUndefined()
  expect(targetProblem(calendarOf(dense), 251_000 * MINUTE)).toMatch('25000 opening intervals')

  const minute = { mon: [['09:00', '09:01']] }
  expect(targetProblem(calendarOf(minute), 2_600 * MINUTE)).toBeUndefined()
  expect(targetProblem(calendarOf(minute), 2_610 * MINUTE)).toMatch('50 years')
  const mondays = Array.from({ length: 2_000 }, (_, week) => dateOf(START + 7 * week * DAY))
  const later = Array.from({ length: 620 }, (_, week) => dateOf(START + 7 * (2_000 + week) * DAY))
  expect(targetProblem(calendarOf(minute, mondays), MINUTE)).toBeUndefined()
  const overrides = Object.fromEntries(later.map((date) => [date, []]))
  expect(targetProblem(calendarOf({ ...minute, overrides }, mondays), MINUTE)).toMatch('50 years')
})

it('dates with more intervals than their weekday are counted too', () => {
  const dates = Array.from({ length: 300 }, (_, day) => dateOf(START + day * DAY))
  const overrides = Object.fromEntries(dates.map((date) => [date, TEN_MINUTES]))
  const definition = calendarOf({ sun: [['00:00', '24:00']], overrides })
  const target = 300 * 120 * MINUTE
  expect(opened(definition, START, target)).toBe(300 * 12)
  expect(openingsNeeded(definition, target)).toBeGreaterThanOrEqual(300 * 12)
})

it('thousands of closed dates of an even week ask for no more openings', () => {
  const week = Object.fromEntries(
    ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'].map((day) => [day, TEN_MINUTES]),
  )
  const holidays = Array.from({ length: 2_000 }, (_, day) => dateOf(START + day * DAY))
  const target = 10_000 * MINUTE
  expect(openingsNeeded(calendarOf(week, holidays), target)).toBe(openingsNeeded(calendarOf(week), target))
})

const opened = (definition: CalendarDefinition, start: number, targetMs: number) => {
  const calendar = BusinessCalendar.compile(definition)
  return [...calendar.openIntervals(start, calendar.deadline(start, targetMs))].length
}

const dateOf = (at: number) => new Date(at).toISOString().slice(0, 10)

const calendarOf = (calendar: object, holidays: string[] = []) =>
  parseCalendar({ timezone: 'UTC', calendar, holidays })
