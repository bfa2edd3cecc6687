import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ApiClient, Body } from './support/api-client.js'
import { startTestApp, type TestApp } from './support/test-app.js'

const DAY = [['09:00', '17:00']]
const WEEK = { mon: DAY, tue: DAY, wed: DAY, thu: DAY, fri: DAY }
const BERLIN = { name: 'Berlin', timezone: 'Europe/Berlin', hours: WEEK }

let punctual: TestApp
let ada: ApiClient
beforeAll(async () => {
  punctual = await startTestApp()
  ada = await punctual.tenant()
})
afterAll(() => punctual.stop())

it('opening hours are told day by day across a change of clocks, with holidays and overrides', async () => {
  const night = [['00:00', '06:00']]
  const hours = { ...WEEK, sun: night, overrides: { '2026-03-28': [['10:00', '11:30']], '2026-03-30': [] } }
  const holidays = [{ date: '2026-03-27', name: 'Founding Day' }, '2026-03-31']
  const { id } = (await ada.post('/sla/calendars', { ...BERLIN, hours, holidays })).body
  const { body } = await ada.get(`/sla/calendars/${id}/hours?from=2026-03-26&to=2026-03-31`)
  expect(body.timezone).toBe('Europe/Berlin')
  const open = (from: string, to: string) => [
    { from: `2026-03-${from}:00.000Z`, to: `2026-03-${to}:00.000Z` },
  ]
  const plain = { holiday: null, override: false }
  expect(body.days).toEqual([
    { date: '2026-03-26', weekday: 'thu', open: open('26T08:00', '26T16:00'), openMinutes: 480, ...plain },
    {
      date: '2026-03-27',
      weekday: 'fri',
      open: [],
      openMinutes: 0,
      holiday: 'Founding Day',
      override: false,
    },
    {
      date: '2026-03-28',
      weekday: 'sat',
      open: open('28T09:00', '28T10:30'),
      openMinutes: 90,
      holiday: null,
      override: true,
    },
    { date: '2026-03-29', weekday: 'sun', open: open('28T23:00', '29T04:00'), openMinutes: 300, ...plain },
    { date: '2026-03-30', weekday: 'mon', open: [], openMinutes: 0, holiday: null, override: true },
    { date: '2026-03-31', weekday: 'tue', open: [], openMinutes: 0, holiday: 'Holiday', override: false },
  ])
  const week = (await ada.get(`/sla/calendars/${id}/hours?from=2026-03-29&to=2026-04-05`)).body
  expect(week.days.at(-1)).toMatchObject({ date: '2026-04-05', open: [{ from: '2026-04-04T22:00:00.000Z' }] })
})

it('opening hours are those of the next 14 days unless it says, and of 366 at most', async () => {
  const { id } = (
    await ada.post('/sla/calendars', { ...BERLIN, name: 'Auckland', timezone: 'Pacific/Auckland' })
  ).body
  const hours = (query: string) => ada.get(`/sla/calendars/${id}/hours${query}`)
  const dates = async (query: string) => (await hours(query)).body.days.map((day: Body) => day.date)
  expect(await dates('')).toHaveLength(14)
  expect((await dates(''))[0]).toBe('2026-03-02')
  punctual.clock.advance(2 * 60 * 60_000) // eleven at night in London is the next day in Auckland
  expect((await dates('')).slice(0, 1)).toEqual(['2026-03-03'])
  expect(await dates('?from=2028-01-01&to=2028-12-31')).toHaveLength(366)
  for (const query of ['?from=2026-01-01&to=2027-01-02', '?from=2026-01-02&to=2026-01-01'])
    expect(await hours(query)).toMatchObject({ status: 422, body: { errors: [{ field: 'to' }] } })
  for (const query of ['?from=2026-02-30', '?to=x', '?from=20260101', '?from=', '?day=2026-01-01'])
    expect((await hours(query)).status).toBe(400)
})
