import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ApiClient, Body } from './support/api-client.js'
import { addCalendar } from './support/calendars.js'
import { ok } from './support/mailbox.js'
import { startTestApp, type TestApp } from './support/test-app.js'

const OFFICE = { timezone: 'UTC', hours: { mon: [['09:00', '17:00']] } }
const TEN_MINUTES = Array.from({ length: 12 }, (_, n) => [`${n + 10}:00`, `${n + 10}:10`])
const DENSE = { mon: TEN_MINUTES, tue: TEN_MINUTES, wed: TEN_MINUTES, thu: TEN_MINUTES, fri: TEN_MINUTES }

let punctual: TestApp
let ada: ApiClient
beforeAll(async () => {
  punctual = await startTestApp()
})
beforeEach(async () => {
  ada = await punctual.tenant()
})
afterAll(() => punctual.stop())

describe('a target that its calendar could not count without end is refused', () => {
  it.each([
    ['250,000 minutes of ten at a time', DENSE, 250_200],
    ['50 years of a minute a week', { mon: [['09:00', '09:01']] }, 2_610],
  ])('%s: with the policy, whichever target it is', async (_, hours, minutes) => {
    const calendarId = await addCalendar(ada, { ...OFFICE, hours })
    const policy = { name: 'P', calendarId, nextReplyMinutes: minutes, resolutionMinutes: 60 }
    const both = ['nextReplyMinutes']
    await expectRefused(ada.post('/sla/settings', policy), both)
    await expectRefused(ada.post('/sla/simulate', { setting: policy }), both)
    const { id } = await ok(ada.post('/sla/settings', { ...policy, calendarId: null }))
    await expectRefused(ada.patch(`/sla/settings/${id}`, { calendarId }), both)
    expect((await ada.patch(`/sla/settings/${id}`, { calendarId, nextReplyMinutes: 600 })).status).toBe(200)
    await expectRefused(ada.patch(`/sla/settings/${id}`, { firstReplyMinutes: minutes }), [
      'firstReplyMinutes',
    ])
  })

  it('with the change of its calendar, which names the hours', async () => {
    const calendarId = await addCalendar(ada, OFFICE)
    const other = await addCalendar(ada, { ...OFFICE, name: 'Unused' })
    const targets = { firstReplyMinutes: 60, nextReplyMinutes: 2_600, resolutionMinutes: 250_200 }
    await ok(ada.post('/sla/settings', { name: 'P', calendarId, isActive: false, ...targets }))
    const path = `/sla/calendars/${calendarId}`
    for (const hours of [DENSE, { mon: [['09:00', '09:01']] }]) {
      await expectRefused(ada.patch(path, { hours }), ['hours'], 'invalid_calendar')
      const calendar = { hours }
      await expectRefused(
        ada.post('/sla/simulate', { calendarId, calendar }),
        ['calendar.hours'],
        'invalid_calendar',
      )
      expect((await ada.patch(`/sla/calendars/${other}`, { hours })).status).toBe(200)
    }
    expect((await ada.get(path)).body).toMatchObject({ version: 1, hours: OFFICE.hours })
    expect((await ada.patch(path, { hours: { ...OFFICE.hours, tue: [['10:00', '18:00']] } })).status).toBe(
      200,
    )
  })

  it('with holidays that close its calendar for decades, also imported ones', async () => {
    const mondays = Array.from({ length: 1_999 }, (_, week) =>
      new Date(Date.UTC(2026, 2, 2 + 7 * week)).toISOString().slice(0, 10),
    )
    const hours = { mon: [['09:00', '10:00']] }
    const calendarId = await addCalendar(ada, { ...OFFICE, hours, holidays: mondays.slice(0, 1_990) })
    // One more Monday without its hour, and it would take more than 50 years.
    const weeks = Math.floor((50 * 365.25) / 7) - 1_990
    await ok(ada.post('/sla/settings', { name: 'P', calendarId, firstReplyMinutes: 60 * weeks }))
    const path = `/sla/calendars/${calendarId}`
    await expectRefused(ada.patch(path, { holidays: mondays }), ['hours'], 'invalid_calendar')
    const fairs = [
      'BEGIN:VCALENDAR',
      'VERSION:2.0',
      'PRODID:-//x//x//EN',
      'BEGIN:VEVENT',
      'UID:1',
      'SUMMARY:Fair',
    ]
    const ical = [...fairs, 'DTSTART;VALUE=DATE:20250303', 'END:VEVENT', 'END:VCALENDAR', ''].join('\r\n')
    for (const query of ['', '?dryRun=true']) {
      const type = { 'content-type': 'text/calendar' }
      const imported = ada.raw('POST', `${path}/holidays/ical${query}`, ical, type)
      await expectRefused(imported, ['hours'], 'invalid_calendar')
    }
    expect((await ada.get(path)).body.version).toBe(1)
  })
})

describe('there are at most', () => {
  it('a hundred policies', async () => {
    const categories = (n: number) => ({ name: 'P', categories: [`c${n}`] })
    for (let n = 10; n < 100; n++) await ok(ada.post('/sla/settings', categories(n)))
    const refused = { status: 409, body: { code: 'too_many_policies' } }
    expect(await ada.post('/sla/settings', categories(100))).toMatchObject(refused)
  })

  it('200 domains, each of ten labels, and 100 categories', async () => {
    const numbered = (count: number) => Array.from({ length: count }, (_, n) => `n${n}.example.org`)
    const status = async (policy: object) =>
      (await ada.post('/sla/settings', { name: 'P', ...policy })).status
    expect(await status({ senderDomains: numbered(200), categories: numbered(100) })).toBe(201)
    expect(await status({ senderDomains: numbered(201) })).toBe(400)
    expect(await status({ categories: numbered(101) })).toBe(400)
    const deep = `${'a.'.repeat(8)}example.org`
    expect(await status({ senderDomains: [deep] })).toBe(201)
    await expectRefused(ada.post('/sla/settings', { name: 'P', senderDomains: [`a.${deep}`] }), [
      'senderDomains.0',
    ])
  })

  it('twelve intervals a day', async () => {
    const extra = [...TEN_MINUTES, ['09:00', '09:10']]
    const calendar = { name: 'C', timezone: 'UTC' }
    await expectRefused(
      ada.post('/sla/calendars', { ...calendar, hours: { ...DENSE, fri: extra } }),
      ['hours.fri'],
      'invalid_calendar',
    )
    expect((await ada.post('/sla/calendars', { ...calendar, hours: DENSE })).status).toBe(201)
  })
})

async function expectRefused(answer: Promise<Body>, fields: string[], code = 'invalid_input'): Promise<void> {
  const { status, body } = await answer
  expect(status, JSON.stringify(body)).toBe(422)
  expect(body.errors.map(({ field }: { field: string }) => field)).toEqual(fields)
  expect(body.code).toBe(code)
}
