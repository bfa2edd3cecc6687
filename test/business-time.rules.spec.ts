import { describe, expect, it } from 'vitest'
import { ALWAYS_OPEN, BusinessCalendar, DeadlineTooFar } from '../src/calendars/business-calendar.js'
import {
  account,
  deadlineWithPauses,
  elapsedWithPauses,
  remainingMs,
  replySchedule,
} from '../src/calendars/business-time.js'
import { parseCalendar, WEEKDAYS, type LocalInterval } from '../src/calendars/calendar-definition.js'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY: LocalInterval[] = [['09:00', '17:00']]
const WEEK = { mon: DAY, tue: DAY, wed: DAY, thu: DAY, fri: DAY }

describe('local time', () => {
  it('that does not exist moves forward by the gap', () => {
    // 02:30 is 03:30 on that night, an hour and a half after 01:30, of which one does not exist.
    expect(openOn('Europe/Berlin', '2026-03-29', ['02:30', '05:00'])).toEqual([['01:30Z', '03:00Z']])
    expect(openOn('Europe/Berlin', '2026-03-29', ['02:30', '03:15'])).toEqual([])
    expect(openOn('Europe/Berlin', '2026-03-29', ['01:00', '02:30'])).toEqual([['00:00Z', '01:30Z']])
  })

  it('that moved over another interval opens once', () => {
    const moved: LocalInterval[] = [
      ['02:00', '02:45'],
      ['03:00', '03:30'],
    ]
    expect(openOn('Europe/Berlin', '2026-03-29', ...moved)).toEqual([['01:00Z', '01:45Z']])
    expect(openOn('Europe/Berlin', '2026-03-29', ['02:45', '02:55'], ['03:00', '03:30'])).toEqual([
      ['01:00Z', '01:30Z'],
      ['01:45Z', '01:55Z'],
    ])
  })

  it('that exists twice is the first', () => {
    expect(openOn('Europe/Berlin', '2026-10-25', ['02:30', '05:00'])).toEqual([['00:30Z', '04:00Z']])
    expect(openOn('Europe/Berlin', '2026-10-25', ['01:00', '02:30'])).toEqual([['23:00Z', '00:30Z']])
  })

  it('moves by half an hour on Lord Howe Island', () => {
    expect(openOn('Australia/Lord_Howe', '2026-10-04', ['00:00', '24:00'])).toEqual([['13:30Z', '13:00Z']])
    expect(openOn('Australia/Lord_Howe', '2026-10-04', ['02:15', '03:00'])).toEqual([['15:45Z', '16:00Z']])
    expect(openOn('Australia/Lord_Howe', '2026-04-05', ['01:30', '02:00'])).toEqual([['14:30Z', '15:30Z']])
  })

  it('lies 5:45 from UTC in Kathmandu', () => {
    expect(openOn('Asia/Kathmandu', '2026-06-01', ['09:00', '17:00'])).toEqual([['03:15Z', '11:15Z']])
  })

  it('lay a broken minute from UTC in Monrovia until 1972', () => {
    expect(compile('Africa/Monrovia', WEEK).nextOpening(Date.parse('1971-06-01'))).toBe(
      Date.parse('1971-06-01T09:44:30Z'),
    )
  })

  it('skipped the 30th of December 2011 in Samoa', () => {
    const everyDay = { mon: DAY, tue: DAY, wed: DAY, thu: DAY, fri: DAY, sat: DAY, sun: DAY }
    const samoa = compile('Pacific/Apia', everyDay, ['2011-12-30'])
    const [from, to] = [Date.parse('2011-12-29T12:00-10:00'), Date.parse('2011-12-31T12:00+14:00')]
    expect(account(samoa, from, to, [])).toEqual({
      counted: [
        { from, to: from + 5 * HOUR },
        { from: to - 3 * HOUR, to },
      ],
      skipped: [{ from: from + 5 * HOUR, to: to - 3 * HOUR, reason: 'closed' }],
      countedMs: 8 * HOUR,
    })
  })
})

describe('a day', () => {
  it('may close at 24:00, and goes on at 00:00 of the next as one interval, into the new year too', () => {
    const night = compile('Europe/Berlin', { thu: [['22:00', '24:00']], fri: [['00:00', '06:00']] })
    const [from, to] = [Date.parse('2026-12-31T00:00Z'), Date.parse('2027-01-02T00:00Z')]
    const [only, ...others] = [...night.openIntervals(from, to)].map((one) => [iso(one.from), iso(one.to)])
    expect(only).toEqual(['2026-12-31T21:00:00.000Z', '2027-01-01T05:00:00.000Z'])
    expect(others).toEqual([])
  })

  it('off takes its own half of a shift across midnight', () => {
    const shift = { sat: [['22:00', '24:00']], sun: [['00:00', '06:00']] }
    const openOnWeekend = (holiday: string) => {
      const calendar = compile('Europe/Berlin', shift, [holiday])
      return [...calendar.openIntervals(Date.parse('2026-03-28T12:00Z'), Date.parse('2026-03-29T12:00Z'))]
    }
    // The clocks go forward in this night.
    expect(openOnWeekend('2026-03-28').map(hours)).toEqual([5])
    expect(openOnWeekend('2026-03-29').map(hours)).toEqual([2])
    expect(openOnWeekend('2026-03-30').map(hours)).toEqual([7])
  })

  it('off has 23 hours when the clocks go forward', () => {
    const calendar = compile('Europe/Berlin', WEEK, [{ date: '2026-03-29', name: 'Clocks' }])
    const { skipped } = account(
      calendar,
      Date.parse('2026-03-28T12:00Z'),
      Date.parse('2026-03-30T07:00Z'),
      [],
    )
    expect(skipped.map((one) => [hours(one), one.reason, one.name])).toEqual([
      [11, 'closed', undefined],
      [23, 'holiday', 'Clocks'],
      [9, 'closed', undefined],
    ])
  })

  it('off stays off when it has hours of its own', () => {
    const calendar = compile('UTC', { ...WEEK, overrides: { '2026-12-25': DAY } }, ['2026-12-25'])
    expect(calendar.elapsed(Date.parse('2026-12-25'), Date.parse('2026-12-26'))).toBe(0)
  })
})

describe('a clock', () => {
  const calendar = compile('UTC', WEEK)
  const monday = Date.parse('2026-06-01T09:00Z')

  it('keeps milliseconds', () => {
    expect(calendar.deadline(monday + 1, 8 * HOUR)).toBe(monday + 24 * HOUR + 1)
    expect(calendar.elapsed(monday + 1, monday + 4)).toBe(3)
  })

  it('is not too late at the closing that uses it up, and goes on an instant after', () => {
    expect(iso(calendar.deadline(monday, 8 * HOUR))).toBe('2026-06-01T17:00:00.000Z')
    expect(iso(calendar.deadline(monday, 8 * HOUR + 1))).toBe('2026-06-02T09:00:00.001Z')
    expect(iso(calendar.nextOpening(monday + 8 * HOUR))).toBe('2026-06-02T09:00:00.000Z')
    expect(calendar.nextOpening(monday + 8 * HOUR - 1)).toBe(monday + 8 * HOUR - 1)
    const yearEnd = Date.parse('2027-12-31T12:00Z') // of which nothing is open after this closing
    expect(iso(calendar.deadline(yearEnd, 5 * HOUR))).toBe('2027-12-31T17:00:00.000Z')
  })

  it('that was used up when it was paused was due then', () => {
    const pauses = [{ from: monday + HOUR, to: monday + 2 * HOUR }]
    expect(deadlineWithPauses(calendar, monday, HOUR, pauses)).toBe(monday + HOUR)
    expect(deadlineWithPauses(calendar, monday, HOUR + 1, pauses)).toBe(monday + 2 * HOUR + 1)
  })

  it('counts back no time', () => {
    expect(calendar.elapsed(monday + HOUR, monday)).toBe(0)
    expect(account(calendar, monday + HOUR, monday, [])).toEqual({ counted: [], skipped: [], countedMs: 0 })
  })

  it('warns when a share of the open target is left, not of the time by the wall', () => {
    const terms = { start: monday, targetMs: 10 * HOUR, warningPercent: 20, pauses: [] }
    expect(replySchedule(calendar, terms)).toEqual({
      warningAt: new Date('2026-06-01T17:00Z'),
      deadlineAt: new Date('2026-06-02T11:00Z'),
    })
    expect(replySchedule(calendar, { ...terms, targetMs: 1, warningPercent: 1 }).warningAt.getTime()).toBe(
      monday + 1,
    )
  })

  it('has time left while it is paused, which only open time uses', () => {
    const pauses = [
      { from: monday + 3 * HOUR, to: Infinity },
      { from: monday + HOUR, to: monday + 2 * HOUR },
      { from: monday - HOUR, to: monday + 90 * MINUTE },
    ]
    const terms = { start: monday, targetMs: 4 * HOUR, warningPercent: 20, pauses }
    expect(remainingMs(calendar, terms, monday + 2 * HOUR)).toBe(4 * HOUR)
    expect(remainingMs(calendar, terms, monday + 48 * HOUR)).toBe(3 * HOUR)
    expect(remainingMs(calendar, { ...terms, pauses: [] }, monday + 48 * HOUR)).toBe(0)
    expect(elapsedWithPauses(calendar, monday, monday + 48 * HOUR, pauses)).toBe(HOUR)
  })

  it('always open is plain addition', () => {
    expect(ALWAYS_OPEN.deadline(monday + 0.5, 90 * 24 * HOUR)).toBe(monday + 0.5 + 90 * 24 * HOUR)
    expect([...ALWAYS_OPEN.openIntervals(0, monday)]).toEqual([{ from: 0, to: monday }])
  })

  it('forgets years that it has no room for, and finds them again', () => {
    const halfHours = Array.from({ length: 12 }, (_, n) => String(2 * n).padStart(2, '0')).map((hour) => [
      `${hour}:00`,
      `${hour}:30`,
    ])
    const busy = compile('UTC', Object.fromEntries(WEEKDAYS.map((day) => [day, halfHours])))
    for (let round = 0; round < 2; round++)
      expect(busy.elapsed(Date.UTC(2000, 0), Date.UTC(2020, 0))).toBe(7_305 * 6 * HOUR)
  })

  it('is refused when it would run for more than 100 years', () => {
    const years = 36_525 * 24 * HOUR
    for (const one of [calendar, ALWAYS_OPEN, compile('UTC', { mon: [['09:00', '09:01']] })])
      for (const openMs of [years + 1, 1e300, Infinity])
        expect(() => one.deadline(monday, openMs)).toThrow(DeadlineTooFar)
    const rare = compile('UTC', { mon: [['09:00', '09:01']] })
    expect(() => rare.deadline(monday, 5_219 * MINUTE + 1)).toThrow(DeadlineTooFar)
    expect(iso(rare.deadline(monday, 5_217 * MINUTE))).toBe('2126-05-20T09:01:00.000Z')
    expect(() => rare.deadline(monday, NaN)).toThrow(RangeError)
    expect(() => rare.deadline(monday, -1)).toThrow(RangeError)
    expect(() => rare.elapsed(0, 8e15)).toThrow(RangeError)
    expect(() => [...rare.openIntervals(0, Infinity)]).toThrow(RangeError)
  })
})

function compile(timezone: string, calendar: object, holidays: unknown[] = []): BusinessCalendar {
  return BusinessCalendar.compile(parseCalendar({ timezone, calendar, holidays }))
}

/** The open time of a date with these hours, as times of UTC. */
function openOn(timezone: string, date: string, ...intervals: LocalInterval[]): [string, string][] {
  const day = Date.parse(date)
  const weekday = WEEKDAYS[(new Date(day).getUTCDay() + 2) % 7]! // far enough not to be seen
  const calendar = compile(timezone, { [weekday]: DAY, overrides: { [date]: intervals } })
  const time = (at: number) => `${iso(at).slice(11, 16)}Z`
  const open = calendar.openIntervals(day - 24 * HOUR, day + 48 * HOUR)
  return [...open].map(({ from, to }) => [time(from), time(to)])
}

const iso = (at: number) => new Date(at).toISOString()

const hours = ({ from, to }: { from: number; to: number }) => (to - from) / HOUR
