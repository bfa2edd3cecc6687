import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ALWAYS_OPEN, BusinessCalendar, DeadlineTooFar } from '../src/calendars/business-calendar.js'
import type { Pause } from '../src/calendars/business-time.js'
import { parseCalendar, WEEKDAYS } from '../src/calendars/calendar-definition.js'
import { after, type ClockFace } from '../src/sla/clock-life.js'
import {
  explain,
  isSameFace,
  MOST_INTERVALS,
  remainingMinutes,
  type Explanation,
} from '../src/sla/explanation.js'
import { situations } from './support/business-zones.js'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

interface Vector {
  start: string
  timezone: string
  calendar: unknown
  holidays: string[]
  pauses?: [string, string][]
  target_minutes: number
  expected_deadline: string | null
  note: string
}

const vectors = ['deadlines', 'pauses']
  .flatMap((name): Vector[] => JSON.parse(readFileSync(`test/conformance/sla-${name}.json`, 'utf8')))
  .filter((vector) => vector.target_minutes > 0 && vector.expected_deadline !== null)
const cases = vectors.map((vector, index) => [`${index}: ${vector.start} ${vector.note}`, vector] as const)

describe('a published case', () => {
  it.each(cases)('is explained to its deadline, %s', async (_title, vector) => {
    const [calendar, clock] = clockOfVector(vector)
    const told = await explain(calendar, clock, clock.startedAt)
    expect(told.until).toEqual(new Date(vector.expected_deadline!))
    expect(told).toMatchObject({ unusedSeconds: 0, overdueSeconds: 0 })
    expect(told.countedSeconds).toBe(vector.target_minutes * 60)
    expectSums(told, clock)
  })

  it.each(cases)('is explained when it stops at any instant, %s', async (_title, vector) => {
    const [calendar, clock] = clockOfVector(vector)
    const [start, deadline] = [clock.startedAt.getTime(), clock.deadlineAt!.getTime()]
    for (const share of [0, 0.123, 0.5, 0.987, 1]) {
      const at = new Date(Math.round(start + share * (deadline - start)))
      for (const early of [metAt(clock, at), pausedAt(clock, at)]) {
        const told = await explain(calendar, early, new Date(deadline + DAY))
        expect(told).toMatchObject({ until: at, overdueSeconds: 0 })
        expectSums(told, clock)
      }
    }
    const late = { ...clock, state: 'late' as const, stoppedAt: new Date(deadline + DAY) }
    const told = await explain(calendar, late, new Date(deadline + 2 * DAY))
    expect(told).toMatchObject({ until: clock.deadlineAt, unusedSeconds: 0 })
    expect(told.overdueSeconds).toBe(calendar.elapsed(deadline, deadline + DAY) / 1_000)
    expectSums(told, clock)
  })

  it('stands for many', () => {
    expect(cases).toHaveLength(111)
  })
})

describe('any clock', () => {
  it('has its target in what counted and what is left, and all its time in the two lists', async () => {
    const targets = fc.integer({ min: 1, max: 200 * 3_600 })
    const stops = fc.integer({ min: 0, max: 30 * DAY })
    let explained = 0
    await fc.assert(
      fc.asyncProperty(situations, targets, stops, async ({ at, definition, pauses }, target, stop) => {
        const calendar = BusinessCalendar.compile(parseCalendar(definition))
        const clock = unlessTooFar(() => clockOf(calendar, at, target, pauses))
        if (!clock) return
        const stoppedAt = new Date(at + stop)
        const isMet = stoppedAt <= clock.deadlineAt!
        const stopped: ClockFace = { ...clock, state: isMet ? 'met' : 'late', stoppedAt }
        for (const face of [clock, stopped, ...(isMet ? [pausedAt(clock, stoppedAt)] : [])]) {
          const told = await explain(calendar, face, stoppedAt)
          expectSums(told, clock)
          const inOrder = [...told.counted, ...told.skipped].sort((a, b) => +a.from - +b.from)
          const edges = [clock.startedAt, ...inOrder.map(({ to }) => to)]
          expect(edges).toEqual([...inOrder.map(({ from }) => from), told.until])
          explained++
        }
      }),
      { numRuns: 300 },
    )
    expect(explained).toBeGreaterThan(500)
  })

  it('of a hundred years has a thousand intervals of each list told, and the others summed', async () => {
    const daily = Array.from({ length: 12 }, (_, n) => [`${two(2 * n)}:00`, `${two(2 * n)}:06`])
    const week = Object.fromEntries(WEEKDAYS.map((day) => [day, daily]))
    const calendar = BusinessCalendar.compile(
      parseCalendar({ timezone: 'UTC', calendar: week, holidays: [] }),
    )
    const hours = 12 * 36_000
    // Its years end while it is closed.
    const clock = clockOf(calendar, Date.parse('2026-03-02T00:30:00Z'), hours * 360, [])
    let turns = 0
    const told = await explain(calendar, clock, clock.startedAt, async () => void turns++)
    expect([told.counted.length, told.skipped.length]).toEqual([MOST_INTERVALS, MOST_INTERVALS])
    const left = hours - MOST_INTERVALS
    expect(told.more.counted).toEqual({ intervals: left, seconds: left * 360 })
    expect(told.more.skipped).toEqual({ intervals: left, seconds: left * 6_840 })
    expectSums(told, clock)
    expect(turns, 'others had their turn each year').toBeGreaterThan(95)
  })

  it('tells pauses, closed time and holidays apart, with their names and to the millisecond', async () => {
    const day = [['09:00', '17:00']]
    const calendar = BusinessCalendar.compile(
      parseCalendar({
        timezone: 'Europe/Berlin',
        calendar: { mon: day, tue: day, wed: day },
        holidays: [{ date: '2026-03-03', name: 'Town fair' }],
      }),
    )
    const utc = (text: string) => new Date(`2026-03-${text}Z`)
    const pauses = [{ from: utc('02T13:00').getTime(), to: utc('02T14:00').getTime() }]
    const clock = clockOf(calendar, utc('02T12:00:00.500').getTime(), 4 * 3_600, pauses)
    expect(await explain(calendar, clock, utc('04T12:00'))).toEqual({
      until: utc('04T09:00:00.500'),
      counted: [
        { from: utc('02T12:00:00.500'), to: utc('02T13:00'), seconds: 3_599.5 },
        { from: utc('02T14:00'), to: utc('02T16:00'), seconds: 7_200 },
        { from: utc('04T08:00'), to: utc('04T09:00:00.500'), seconds: 3_600.5 },
      ],
      skipped: [
        { from: utc('02T13:00'), to: utc('02T14:00'), seconds: 3_600, reason: 'pause' },
        { from: utc('02T16:00'), to: utc('02T23:00'), seconds: 25_200, reason: 'closed' },
        {
          from: utc('02T23:00'),
          to: utc('03T23:00'),
          seconds: 86_400,
          reason: 'holiday',
          name: 'Town fair',
        },
        { from: utc('03T23:00'), to: utc('04T08:00'), seconds: 32_400, reason: 'closed' },
      ],
      more: { counted: { intervals: 0, seconds: 0 }, skipped: { intervals: 0, seconds: 0 } },
      countedSeconds: 14_400,
      pausedSeconds: 3_600,
      closedSeconds: 144_000,
      unusedSeconds: 0,
      overdueSeconds: 10_799.5,
    })
  })

  it('that stopped before its start has counted nothing', async () => {
    const clock = clockOf(ALWAYS_OPEN, DAY, 3_600, [])
    const told = await explain(ALWAYS_OPEN, metAt(clock, new Date(0)), new Date(DAY))
    expect(told).toMatchObject({ until: new Date(DAY), counted: [], skipped: [], unusedSeconds: 3_600 })
  })
})

it('the remaining time is told while the clock runs or stands still, and is never below zero', () => {
  const clock = clockOf(ALWAYS_OPEN, 0, 3_600, [])
  const remaining = (face: ClockFace, at: number) => remainingMinutes(ALWAYS_OPEN, face, new Date(at))
  expect(remaining(clock, 20 * MINUTE)).toBe(40)
  expect(remaining(clock, 20 * MINUTE + 1)).toBeCloseTo(40 - 1 / MINUTE, 9)
  expect(remaining(clock, 2 * HOUR)).toBe(0)
  expect(remaining(pausedAt(clock, new Date(30 * MINUTE)), DAY)).toBe(30)
  expect(remaining(metAt(clock, new Date(30 * MINUTE)), DAY)).toBeNull()
})

it('tells clocks apart by any part of them', () => {
  const clock = clockOf(ALWAYS_OPEN, 0, 3_600, [{ from: 1, to: 2 }])
  expect(isSameFace(structuredClone(clock), clock)).toBe(true)
  expect(Object.keys(clock)).toHaveLength(15)
  for (const key of Object.keys(clock))
    expect(isSameFace({ ...clock, [key]: 'other' }, clock), key).toBe(false)
})

/** The figures add up to the target and to the time that passed; so do the lists with what they leave out. */
function expectSums(told: Explanation, clock: ClockFace): void {
  expect(ms(told.countedSeconds + told.unusedSeconds!)).toBe(clock.targetSeconds! * 1_000)
  expect(told.unusedSeconds).toBeGreaterThanOrEqual(0)
  const passed = told.until.getTime() - clock.startedAt.getTime()
  expect(ms(told.countedSeconds + told.pausedSeconds + told.closedSeconds)).toBe(passed)
  const sum = (list: { seconds: number }[]) => list.reduce((total, { seconds }) => total + ms(seconds), 0)
  expect(sum([...told.counted, told.more.counted])).toBe(ms(told.countedSeconds))
  expect(sum([...told.skipped, told.more.skipped])).toBe(ms(told.pausedSeconds + told.closedSeconds))
}

function clockOfVector(vector: Vector): [BusinessCalendar, ClockFace] {
  const calendar = BusinessCalendar.compile(parseCalendar(vector))
  const pauses = (vector.pauses ?? []).map(([from, to]) => ({ from: Date.parse(from), to: Date.parse(to) }))
  return [calendar, clockOf(calendar, Date.parse(vector.start), vector.target_minutes * 60, pauses)]
}

/** As a clock becomes by its start, and a recomputation that knows of its pauses. */
function clockOf(
  calendar: BusinessCalendar,
  start: number,
  targetSeconds: number,
  pauses: Pause[],
): ClockFace {
  const at = new Date(start)
  const versions = { policyVersionId: null, calendarVersionId: null }
  const detail = { startedAt: at, targetSeconds, warningPercent: 20, ...versions }
  const started = after(undefined, { type: 'started', at, recordedAt: at, detail }, () => calendar)
  return after({ ...started, pauses }, { type: 'recomputed', at, recordedAt: at, detail }, () => calendar)
}

const metAt = (clock: ClockFace, at: Date): ClockFace => ({ ...clock, state: 'met', stoppedAt: at })
const pausedAt = (clock: ClockFace, at: Date): ClockFace =>
  after(clock, { type: 'paused', at, recordedAt: at, detail: { reason: 'on_hold' } }, () => ALWAYS_OPEN)

function unlessTooFar<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch (error) {
    if (error instanceof DeadlineTooFar) return undefined
    throw error
  }
}

const ms = (seconds: number) => Math.round(seconds * 1_000)
const two = (number: number) => String(number).padStart(2, '0')
