import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BusinessCalendar } from '../src/calendars/business-calendar.js'
import {
  account,
  deadlineWithPauses,
  elapsedWithPauses,
  replySchedule,
} from '../src/calendars/business-time.js'
import { parseCalendar } from '../src/calendars/calendar-definition.js'
import { situations, ZONES } from './support/business-zones.js'
import { MinuteWalker } from './support/minute-walker.js'

const HOUR = 3_600_000
const DAY = 24 * HOUR

const cases = situations.map(({ at, definition, pauses }) => {
  const parsed = parseCalendar(definition)
  return { at, pauses, definition: parsed, calendar: BusinessCalendar.compile(parsed) }
})
const spans = fc.oneof(
  fc.nat(20 * HOUR),
  fc.nat(8 * DAY),
  fc.nat(100).map((quarters) => quarters * (HOUR / 4)),
)
const targets = spans.map((ms) => ms + 1)

describe('for any zone, hours, holidays, overrides and instant', () => {
  it('the time until a deadline is the target', () => {
    check(2_000, fc.tuple(cases, fc.oneof(targets, fc.nat(400 * DAY))), ([{ calendar, at }, target]) => {
      expect(calendar.elapsed(at, calendar.deadline(at, target))).toBe(target)
    })
  })

  it('a later start or a larger target is never due earlier', () => {
    check(2_000, fc.tuple(cases, spans, spans, spans), ([{ calendar, at, pauses }, target, later, more]) => {
      const due = deadlineWithPauses(calendar, at, target, pauses)
      expect(deadlineWithPauses(calendar, at + later, target, pauses)).toBeGreaterThanOrEqual(due)
      expect(deadlineWithPauses(calendar, at, target + more, pauses)).toBeGreaterThanOrEqual(due)
      if (more > 0 && target > 0)
        expect(deadlineWithPauses(calendar, at, target + more, pauses)).toBeGreaterThan(due)
    })
  })

  it('time adds up, over years too', () => {
    check(
      1_000,
      fc.tuple(cases, fc.nat(500 * DAY), fc.nat(500 * DAY)),
      ([{ calendar, at }, first, second]) => {
        const [middle, end] = [at + first, at + first + second]
        const sum = calendar.elapsed(at, middle) + calendar.elapsed(middle, end)
        expect(calendar.elapsed(at, end)).toBe(sum)
        expect(account(calendar, at, end, []).countedMs).toBe(sum)
      },
    )
  })

  it('pausing and resuming at once, or in closed time, changes nothing', () => {
    check(1_500, fc.tuple(cases, targets, spans), ([{ calendar, at, pauses }, target, after]) => {
      const moment = { from: at + after, to: at + after }
      const [due, end] = [deadlineWithPauses(calendar, at, target, pauses), at + 6 * DAY]
      expect(deadlineWithPauses(calendar, at, target, [moment, ...pauses])).toBe(due)
      const closed = account(calendar, at, due, pauses).skipped.filter(({ reason }) => reason !== 'pause')
      expect(deadlineWithPauses(calendar, at, target, [...pauses, ...closed])).toBe(due)
      const open = elapsedWithPauses(calendar, at, end, pauses)
      expect(elapsedWithPauses(calendar, at, end, [...pauses, moment])).toBe(open)
    })
  })

  it('the account is the whole time, each part once, and counts what the clock does', () => {
    check(800, fc.tuple(cases, spans), ([{ calendar, at, pauses, definition }, span]) => {
      const { counted, skipped, countedMs } = account(calendar, at, at + span, pauses)
      const parts = [...counted, ...skipped].sort((a, b) => a.from - b.from)
      const edges = [at, ...parts.map(({ to }) => to)]
      expect(parts.map(({ from }) => from)).toEqual(edges.slice(0, -1))
      expect(edges.at(-1)).toBe(at + span)
      expect(parts.every(({ from, to }) => from < to)).toBe(true)
      expect(counted.reduce((sum, { from, to }) => sum + to - from, 0)).toBe(countedMs)
      expect(countedMs).toBe(elapsedWithPauses(calendar, at, at + span, pauses))
      const walker = new MinuteWalker(definition)
      for (const { from, to, reason, name } of skipped) {
        expect([walker.isOpen(from), walker.isOpen(to - 1)]).toEqual(Array(2).fill(reason === 'pause'))
        if (reason === 'pause') continue
        const holiday = reason === 'holiday' ? (name ?? 'unnamed') : undefined
        const [first, last] = [from, to - 1].map((instant) => walker.holidayAt(instant))
        expect([first, last].map((one) => one && (one.name ?? 'unnamed'))).toEqual([holiday, holiday])
      }
    })
  })

  it('a warning comes at its share of open time, and never after the deadline', () => {
    check(
      500,
      fc.tuple(cases, targets, fc.integer({ min: 1, max: 99 })),
      ([one, seconds, warningPercent]) => {
        const targetMs = Math.ceil(seconds / 1_000) * 1_000
        const terms = { start: one.at, targetMs, warningPercent, pauses: one.pauses }
        const { warningAt, deadlineAt } = replySchedule(one.calendar, terms)
        expect(warningAt.getTime()).toBeLessThanOrEqual(deadlineAt.getTime())
        const used = elapsedWithPauses(one.calendar, one.at, warningAt.getTime(), one.pauses)
        expect(used).toBe((targetMs * (100 - warningPercent)) / 100)
      },
    )
  })
})

describe('counting minute by minute comes to the same', () => {
  const walks = cases.map((one) => ({ ...one, walker: new MinuteWalker(one.definition) }))
  const fewDays = fc.oneof(fc.nat(DAY), fc.nat(3 * DAY))

  it('open time', () => {
    check(1_000, fc.tuple(walks, fewDays), ([{ calendar, at, pauses, walker }, span]) => {
      const elapsed = elapsedWithPauses(calendar, at, at + span, pauses)
      expect(elapsed).toBe(walker.elapsed(at, at + span, pauses))
    })
  })

  it('deadline', () => {
    const share = fc.constantFrom(0, 1, 0.5, 0.123_456_7)
    check(1_000, fc.tuple(walks, fewDays, share), ([{ calendar, at, pauses, walker }, span, part]) => {
      const target = Math.floor(part * walker.elapsed(at, at + span, pauses))
      expect(deadlineWithPauses(calendar, at, target, pauses)).toBe(walker.deadline(at, target, pauses))
    })
  })

  it('next opening', () => {
    check(500, walks, ({ calendar, at, walker }) => {
      expect(calendar.nextOpening(at)).toBe(walker.deadline(at, 0))
    })
  })
})

it('covers at least thirty zones', () => {
  expect(new Set(ZONES).size).toBeGreaterThanOrEqual(30)
})

function check<Case>(numRuns: number, of: fc.Arbitrary<Case>, predicate: (one: Case) => void): void {
  fc.assert(fc.property(of, predicate), { numRuns, endOnFailure: true })
}
