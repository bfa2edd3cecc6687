import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { BusinessCalendar } from '../src/calendars/business-calendar.js'
import { account, deadlineWithPauses, isTarget } from '../src/calendars/business-time.js'
import { InvalidCalendar, parseCalendar } from '../src/calendars/calendar-definition.js'

const MINUTE = 60_000

interface Vector {
  start: string
  end: string
  timezone: string
  calendar: unknown
  holidays: string[]
  pauses?: [string, string][]
  target_minutes: number
  expected_deadline: string | null
  expected_business_minutes: number
  note: string
}

describe('a published case', () => {
  const cases = (name: string): Vector[] =>
    JSON.parse(readFileSync(`test/conformance/sla-${name}.json`, 'utf8'))
  const titled = (vectors: Vector[]) =>
    vectors.map((vector, index) => [`${index}: ${vector.start} ${vector.note}`, vector] as const)

  it.each(titled([...cases('deadlines'), ...cases('pauses')]))(
    'is due when it says, %s',
    (_title, vector) => {
      const openMs = vector.target_minutes * MINUTE
      if (vector.expected_deadline === null) {
        if (isTarget(openMs)) expect(() => calendarOf(vector)).toThrow(InvalidCalendar)
        return
      }
      const calendar = calendarOf(vector)
      const start = Date.parse(vector.start)
      const pauses = (vector.pauses ?? []).map(([from, to]) => ({
        from: Date.parse(from),
        to: Date.parse(to),
      }))
      const deadline = deadlineWithPauses(calendar, start, openMs, pauses)
      expect(iso(deadline)).toBe(iso(Date.parse(vector.expected_deadline)))
      if (openMs > 0) expect(account(calendar, start, deadline, pauses).countedMs).toBe(openMs)
    },
  )

  it.each(titled(cases('elapsed')))('counts what it says, %s', (_title, vector) => {
    const seconds = calendarOf(vector).elapsed(Date.parse(vector.start), Date.parse(vector.end)) / 1_000
    const expected = vector.expected_business_minutes
    if (Number.isInteger(expected)) expect(Math.floor(seconds / 60)).toBe(expected)
    else expect(seconds).toBe(expected * 60)
  })

  it('stands for many', () => {
    expect([cases('deadlines').length, cases('elapsed').length, cases('pauses').length]).toEqual([111, 32, 8])
  })
})

function calendarOf({ timezone, calendar, holidays }: Vector): BusinessCalendar {
  return BusinessCalendar.compile(parseCalendar({ timezone, calendar, holidays }))
}

const iso = (at: number) => new Date(at).toISOString()
