import { describe, expect, it } from 'vitest'
import { InvalidCalendar, parseCalendar } from '../src/calendars/calendar-definition.js'

const DAY = [['09:00', '17:00']]
const FINE = { timezone: 'Europe/Berlin', calendar: { mon: DAY } as unknown, holidays: [] as unknown }

describe('a calendar', () => {
  it('comes out sorted, without repetition and with nothing of the input in it', () => {
    const evening = ['18:00', '24:00']
    const input = {
      timezone: 'europe/berlin',
      calendar: {
        tue: [evening, ['17:00', '18:00'], ['00:00', '12:00']],
        mon: DAY,
        wed: [],
        overrides: { '2026-12-31': [], '2026-12-24': [['09:00', '12:00']] },
      },
      holidays: [
        '2026-12-25',
        { date: '2026-01-01', name: ' New Year ' },
        '2026-01-01',
        { date: '2026-12-25' },
      ],
    }
    const parsed = parseCalendar(input)
    evening[0] = 'changed'
    expect(parsed).toEqual({
      timezone: 'Europe/Berlin',
      hours: {
        mon: [['09:00', '17:00']],
        tue: [
          ['00:00', '12:00'],
          ['17:00', '18:00'],
          ['18:00', '24:00'],
        ],
        overrides: { '2026-12-24': [['09:00', '12:00']], '2026-12-31': [] },
      },
      holidays: [{ date: '2026-01-01', name: 'New Year' }, { date: '2026-12-25' }],
    })
    const { timezone, hours: calendar, holidays } = parsed
    expect(parseCalendar(JSON.parse(JSON.stringify({ timezone, calendar, holidays })))).toEqual(parsed)
  })

  it('may be open always, and without holidays', () => {
    const parsed = parseCalendar({ timezone: 'utc', calendar: { always_open: true }, holidays: undefined })
    expect(parsed).toEqual({ timezone: 'UTC', hours: { always_open: true }, holidays: [] })
  })

  it.each(['Europe/Kyiv', 'US/Pacific', 'Asia/Calcutta', 'Etc/GMT+5', 'America/Port-au-Prince', 'EST'])(
    'keeps the name %s, whatever its case',
    (timezone) => {
      expect(parseCalendar({ ...FINE, timezone: timezone.toLowerCase() }).timezone).toBe(timezone)
    },
  )
})

describe('an error names its field', () => {
  it.each([
    ...[
      '+02:00',
      '-0500',
      'Europe/Atlantis',
      '',
      'UTC+2',
      '2026-01-01T00:00[Europe/Berlin]',
      null,
      7,
      ['UTC'],
    ],
    ...[' UTC', 'A'.repeat(100_000), '__proto__', 'Europe/../UTC', 'Z'],
  ])('timezone: %j', (timezone) => {
    expect(fieldsOf({ timezone })).toEqual(['timezone'])
  })

  it.each([
    [null, 'calendar'],
    [[], 'calendar'],
    ['always', 'calendar'],
    [{}, 'calendar'],
    [{ mon: [] }, 'calendar'],
    [{ overrides: { '2026-12-24': DAY } }, 'calendar'],
    [{ mon: null }, 'calendar.mon'],
    [{ mon: DAY, tue: { 0: 1 } }, 'calendar.tue'],
    [{ mon: DAY, monday: DAY }, 'calendar.monday'],
    [JSON.parse('{"mon": [["09:00", "17:00"]], "__proto__": []}'), 'calendar.__proto__'],
    [{ mon: DAY, constructor: DAY }, 'calendar.constructor'],
    [{ mon: [['17:00', '09:00']] }, 'calendar.mon.0'],
    [{ mon: [['09:00', '09:00']] }, 'calendar.mon.0'],
    [{ mon: [['24:00', '24:00']] }, 'calendar.mon.0'],
    [{ mon: [['25:00', '26:00']] }, 'calendar.mon.0'],
    [{ mon: [['9:00', '17:00']] }, 'calendar.mon.0'],
    [{ mon: [['09:00', '17:60']] }, 'calendar.mon.0'],
    [{ mon: [['09:00', '17:00:00']] }, 'calendar.mon.0'],
    [{ mon: [['09:00', '24:01']] }, 'calendar.mon.0'],
    [{ mon: [['09:00', '17:00\n']] }, 'calendar.mon.0'],
    [{ mon: [[9, 17]] }, 'calendar.mon.0'],
    [{ mon: ['09:00', '17:00'] }, 'calendar.mon.0', 'calendar.mon.1'],
    [{ mon: [...DAY, null, ['18:00', '19:00', '20:00']] }, 'calendar.mon.1', 'calendar.mon.2'],
    [{ mon: [['12:00', '17:00'], ...DAY] }, 'calendar.mon.0'],
    [{ mon: [...DAY, ['10:00', '11:00'], ['16:59', '18:00']] }, 'calendar.mon.1', 'calendar.mon.2'],
    [{ mon: [...DAY, ...DAY] }, 'calendar.mon.1'],
    [{ mon: Array.from({ length: 25 }, () => DAY[0]) }, 'calendar.mon'],
    [{ always_open: false }, 'calendar.always_open'],
    [{ always_open: 'yes', mon: DAY }, 'calendar.always_open', 'calendar.mon'],
    [{ always_open: true, mon: DAY, overrides: {} }, 'calendar.mon', 'calendar.overrides'],
    [{ mon: DAY, overrides: [] }, 'calendar.overrides'],
    [{ mon: DAY, overrides: { '2026-02-30': DAY } }, 'calendar.overrides.2026-02-30'],
    [{ mon: DAY, overrides: { '2026-12-24': [...DAY, ['09', '10']] } }, 'calendar.overrides.2026-12-24.1'],
    [{ mon: DAY, overrides: JSON.parse('{"__proto__": []}') }, 'calendar.overrides.__proto__'],
    [{ mon: DAY, overrides: manyDates(1_001) }, 'calendar.overrides'],
  ])('calendar: %j', (calendar, ...fields) => {
    expect(fieldsOf({ calendar })).toEqual(fields)
  })

  it.each([
    [null, 'holidays'],
    [{}, 'holidays'],
    ['2026-12-25', 'holidays'],
    [['2026-12-25', '2026-02-29'], 'holidays.1'],
    [['2026-12-25T00:00Z', 20261225, null, ['2026-12-25']], ...[0, 1, 2, 3].map((at) => `holidays.${at}`)],
    [['1969-12-31', '2201-01-01', '1970-01-01', '2200-12-31'], 'holidays.0', 'holidays.1'],
    [[{ name: 'Nothing' }], 'holidays.0.date'],
    [[{ date: '2026-12-25', name: 7 }], 'holidays.0.name'],
    [[{ date: '2026-12-25', name: 'x'.repeat(201) }], 'holidays.0.name'],
    [[{ date: '2026-12-25', day: 'off' }], 'holidays.0.day'],
    [[JSON.parse('{"date": "2026-12-25", "__proto__": {"name": "x"}}')], 'holidays.0.__proto__'],
    [Object.keys(manyDates(2_001)), 'holidays'],
  ])('holidays: %j', (holidays, ...fields) => {
    expect(fieldsOf({ holidays })).toEqual(fields)
  })

  it('as the caller calls it, all of them at once', () => {
    const input = { timezone: 'Mars', calendar: { mon: [['x', 'y']], sun: 0 }, holidays: ['never', 'ever'] }
    const error = errorOf(() => parseCalendar(input, { calendar: 'hours', holidays: 'days_off' }))
    const fields = ['timezone', 'hours.mon.0', 'hours.sun', 'days_off.0', 'days_off.1']
    expect(error.errors.map(({ field }) => field)).toEqual(fields)
    expect(error.message).toContain(
      'hours.mon.0 must have times as HH:MM, from 00:00 to 24:00; hours.sun must',
    )
  })

  it('which holidays of a calendar that is always open are too', () => {
    expect(fieldsOf({ calendar: { always_open: true }, holidays: ['2026-12-25'] })).toEqual(['holidays'])
  })

  it('for the first hundred only', () => {
    expect(fieldsOf({ calendar: manyDates(5_000) })).toHaveLength(100)
  })
})

function fieldsOf(input: object): string[] {
  return errorOf(() => parseCalendar({ ...FINE, ...input })).errors.map(({ field }) => field)
}

function errorOf(parse: () => unknown): InvalidCalendar {
  try {
    parse()
  } catch (error) {
    if (error instanceof InvalidCalendar) return error
    throw error
  }
  throw new Error('It was accepted')
}

function manyDates(count: number): Record<string, unknown> {
  const date = (day: number) => new Date(day * 86_400_000).toISOString().slice(0, 10)
  return Object.fromEntries(Array.from({ length: count }, (_, day) => [date(day), DAY]))
}
