import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiClient, Body } from './support/api-client.js'
import { startTestApp, type TestApp } from './support/test-app.js'

interface Vector {
  start: string
  timezone: string
  calendar: object
  holidays: string[]
  pauses?: [string, string][]
  target_minutes: number
  expected_deadline: string | null
  note: string
}

const vectors = (name: string): Vector[] => JSON.parse(readFileSync(`test/conformance/${name}.json`, 'utf8'))

const DAY = [['09:00', '17:00']]
const WEEK = { mon: DAY, tue: DAY, wed: DAY, thu: DAY, fri: DAY }
const FRIDAY = {
  start: '2026-03-06T15:00:00Z',
  timezone: 'UTC',
  calendar: WEEK,
  holidays: [],
  targetMinutes: 180,
}

let punctual: TestApp
let ada: ApiClient
beforeAll(async () => {
  punctual = await startTestApp()
  ada = await punctual.tenant()
})
afterAll(() => punctual.stop())

const preview = (changes: Body = {}) => ada.post('/sla/preview', { ...FRIDAY, ...changes })

describe.each(['sla-deadlines', 'sla-pauses'])('the published cases of %s', (name) => {
  it.each(vectors(name).map((vector, index) => [`${index}: ${vector.note}`, vector] as const))(
    '%s',
    async (_, { start, timezone, calendar, holidays, pauses, ...vector }) => {
      const input = { start, timezone, calendar, holidays, pauses, targetMinutes: vector.target_minutes }
      const { status, body } = await ada.post('/sla/preview', input)
      // Those of a target of 0 are for the calculator alone.
      if (vector.expected_deadline === null || vector.target_minutes <= 0) return expect(status).toBe(422)
      expect(status, JSON.stringify(body)).toBe(200)
      expect(Date.parse(body.deadline)).toBe(Date.parse(vector.expected_deadline))
      expect(Date.parse(body.warningAt)).toBeLessThan(Date.parse(body.deadline))
    },
  )
})

describe('a preview', () => {
  it('says when, of which time, and what did not count', async () => {
    const holidays = [{ date: '2026-03-09', name: 'Founding Day' }]
    expect(await preview({ holidays })).toMatchObject({
      status: 200,
      body: {
        deadline: '2026-03-10T10:00:00.000Z',
        warningAt: '2026-03-10T09:24:00.000Z',
        remainingMinutes: null,
        nextOpening: '2026-03-06T15:00:00.000Z',
        countedMinutes: 180,
        skipped: [
          { from: '2026-03-06T17:00:00.000Z', to: '2026-03-09T00:00:00.000Z', reason: 'closed' },
          { to: '2026-03-10T00:00:00.000Z', reason: 'holiday', name: 'Founding Day' },
          { to: '2026-03-10T09:00:00.000Z', reason: 'closed' },
        ],
      },
    })
    expect((await preview({ warningPercent: 50 })).body.warningAt).toBe('2026-03-06T16:30:00.000Z')
    expect((await preview({ targetMinutes: 1.5 })).body.deadline).toBe('2026-03-06T15:01:30.000Z')
  })

  it('takes the start with any offset', async () => {
    for (const start of [
      '2026-03-06T16:00:00+01:00',
      '2026-03-06T20:30+05:30',
      '2026-03-06T10:00:00.000-0500',
    ])
      expect((await preview({ start })).body.deadline).toBe('2026-03-09T10:00:00.000Z')
  })

  it('has no deadline while the clock is paused, but what remains', async () => {
    const pauses = [
      ['2026-03-06T15:10:00Z', '2026-03-06T15:20:00Z'],
      ['2026-03-06T16:00:00Z', null],
    ]
    const { body } = await preview({ pauses })
    expect(body).toMatchObject({ deadline: null, warningAt: null, remainingMinutes: 130, countedMinutes: 50 })
    const before = await preview({ pauses: [['2026-03-06T14:00:00Z', null]] })
    expect(before.body).toMatchObject({
      deadline: null,
      remainingMinutes: 180,
      countedMinutes: 0,
      skipped: [],
    })
  })

  it('stores nothing', async () => {
    const rows = () =>
      punctual.query(`select (select count(*) from sla_calendars) + (select count(*) from events) as n`)
    const before = await rows()
    await preview()
    expect(await rows()).toEqual(before)
  })

  it.each([
    ['start', { start: 'yesterday' }],
    ['start', { start: '2026-03-06T15:00:00' }],
    ['start', { start: '2026-02-30T15:00:00Z' }],
    ['start', { start: '1969-12-31T23:59:59Z' }],
    ['start', { start: '+100000-01-01T00:00:00Z' }],
    ['timezone', { timezone: 'Mars/Olympus' }],
    ['calendar', { calendar: {} }],
    ['calendar.mon.0', { calendar: { mon: [['17:00', '09:00']] } }],
    ['holidays.0', { holidays: ['2026-02-30'] }],
    ['targetMinutes', { targetMinutes: 0 }],
    ['targetMinutes', { targetMinutes: -1 }],
    ['targetMinutes', { targetMinutes: 1e-9 }],
    ['targetMinutes', { targetMinutes: 10 * 366 * 24 * 60 + 1 }],
    ['targetMinutes', { targetMinutes: 6_000, calendar: { mon: [['09:00', '09:01']] } }],
    ['warningPercent', { warningPercent: 0 }],
    ['warningPercent', { warningPercent: 100 }],
    ['warningPercent', { warningPercent: 20.5 }],
    ['pauses.0', { pauses: [['2026-03-06T16:00:00Z', '2026-03-06T15:59:59Z']] }],
    ['pauses.0', { pauses: ['2026-03-06T16:00:00Z'] }],
    ['pauses.0.0', { pauses: [['x', '2026-03-06T16:00:00Z']] }],
    [
      'pauses.0.1',
      {
        pauses: [
          ['2026-03-06T16:00:00Z', null],
          ['2026-03-06T17:00:00Z', null],
        ],
      },
    ],
    [
      'pauses.1',
      {
        pauses: [
          ['2026-03-06T15:00:00Z', '2026-03-06T16:00:00Z'],
          ['2026-03-06T15:30:00Z', null],
        ],
      },
    ],
    ['pauses', { pauses: Array.from({ length: 1_001 }, () => [FRIDAY.start, FRIDAY.start]) }],
  ])('of what cannot be is refused naming %s', async (field, wrong) => {
    const { status, body } = await preview(wrong)
    expect(status, JSON.stringify(body)).toBe(422)
    expect(body.errors.map((error: Body) => error.field)).toEqual([field])
  })

  it('is refused, not worked out for seconds, when it would look at a million opening intervals', async () => {
    const hours = Array.from({ length: 12 }, (_, hour) => [0, 6].map((minute) => clockTime(hour, minute)))
    const calendar = { mon: hours, tue: hours, wed: hours, thu: hours, fri: hours, sat: hours, sun: hours }
    const fields = async (changes: Body) =>
      (await preview({ calendar, ...changes })).body.errors.map((error: Body) => error.field)
    expect(await fields({ targetMinutes: 3_000_000 })).toEqual(['targetMinutes'])
    expect(await fields({ pauses: [['2150-01-01T00:00:00Z', null]] })).toEqual(['pauses'])
    const tenYears = 10 * 366 * 24 * 60
    expect((await preview({ targetMinutes: tenYears })).status).toBe(200)
    expect((await preview({ targetMinutes: tenYears, calendar: { always_open: true } })).status).toBe(200)
    expect((await preview({ calendar, targetMinutes: 100_000 })).status).toBe(200)
  })

  it('names everything that is wrong with the clock at once', async () => {
    const { body } = await preview({ start: 'x', targetMinutes: 0, warningPercent: 0 })
    const fields = body.errors.map((error: Body) => error.field)
    expect(fields).toEqual(['start', 'targetMinutes', 'warningPercent'])
  })
})

const clockTime = (hour: number, minute: number) =>
  [hour, minute].map((n) => String(n).padStart(2, '0')).join(':')
