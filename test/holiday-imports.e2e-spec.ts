import { readFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ApiClient, Body } from './support/api-client.js'
import { startTestApp, type TestApp } from './support/test-app.js'

const DAY = [['09:00', '17:00']]
const BERLIN = { name: 'Berlin', timezone: 'Europe/Berlin', hours: { mon: DAY }, holidays: ['2026-12-25'] }

let punctual: TestApp
let ada: ApiClient
let id: number
beforeAll(async () => {
  punctual = await startTestApp()
})
afterAll(() => punctual.stop())
beforeEach(async () => {
  ada = await punctual.tenant()
  id = (await ada.post('/sla/calendars', BERLIN)).body.id
})

describe('an iCalendar file', () => {
  it('gives holidays of a day, of several and of every year, once however often it is sent', async () => {
    const dry = (await send(fixture('public-holidays'), '?dryRun=true')).body
    expect(dry).toMatchObject({ added: 13, unchanged: 1, dryRun: true })
    expect(await calendar()).toMatchObject({ version: 1, holidays: [{ date: '2026-12-25' }] })

    const { body } = await send(fixture('public-holidays'))
    expect(body).toEqual({ ...dry, dryRun: false })
    expect(named(body, 'New Year')).toEqual(
      [2025, 2026, 2027, 2029, 2030, 2031].map((year) => `${year}-01-01`), // but not 2028, its EXDATE
    )
    const works = 'Works holidays, Christmas and Boxing Day'
    expect(named(body, works)).toEqual(['2026-12-24', '2026-12-25', '2026-12-26'])
    expect(named(body, 'Labour Day')).toEqual(['2026-09-07', '2027-03-15', '2027-09-06', '2028-09-04'])
    expect(named(body, 'Ends on its own day')).toEqual(['2026-05-01'])
    expect(body.holidays.filter((holiday: Body) => !holiday.isNew)).toMatchObject([{ date: '2026-12-25' }])
    expect(body.skipped).toEqual([
      { summary: 'Rain dance', reason: 'is cancelled' },
      { summary: 'Eclipse', reason: 'has no day from 2025-01-01 to 2031-12-31' },
    ])
    const { version, holidays } = await calendar()
    expect([version, holidays.length]).toEqual([2, 14])
    expect(holidays).toContainEqual({ date: '2026-12-25' }) // has kept the name that it had: none
    expect(holidays).toContainEqual({ date: '2026-12-24', name: works })

    expect((await send(fixture('public-holidays'))).body).toMatchObject({ added: 0, unchanged: 14 })
    expect((await calendar()).version).toBe(2)
  })

  it('may give its whole days as times; the rest is skipped with a reason', async () => {
    const { body } = await send(fixture('timed'))
    expect(body.holidays).toMatchObject([
      { date: '2026-03-12', name: 'A day of Berlin in UTC' },
      { date: '2026-03-28', name: 'The weekend on which clocks change' },
      { date: '2026-03-29', name: 'The weekend on which clocks change' },
      { date: '2026-04-13', name: 'Until the last minute' },
      { date: '2026-06-02', name: 'A day of Berlin in New York' },
    ])
    expect(body.skipped.map(({ summary, reason }: Body) => `${summary} ${reason}`)).toEqual([
      'Team meeting covers only part of a day',
      "Somewhere is in the time zone Customized Time Zone, which is none of IANA's",
      'Ticking repeats within a day',
      'Striking repeats within a day',
      'Thirtieth of February has a date that does not exist',
      'Backwards ends before it begins',
      'Sabbatical is longer than a year',
      'Some day has no date',
      'From noon covers only part of a day',
    ])
  })

  it('may move and cancel single days of a series', async () => {
    const { body } = await send(fixture('moved'))
    expect(named(body, 'Friday off')).toEqual(['2026-03-06', '2026-03-27'])
    expect(named(body, 'Friday off, on Monday')).toEqual(['2026-03-16'])
    expect(body.skipped).toEqual([{ summary: 'Friday on', reason: 'is cancelled' }])
  })

  it.each([
    ['nothing', ''],
    ['prose', 'Closed on Sundays'],
    ['JSON', '{"holidays":[]}'],
    ['a vCard', 'BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Ada\r\nEND:VCARD\r\n'],
    ['a calendar cut off', fixture('timed').subarray(0, 500)],
    ['properties of nothing', 'DTSTART:20260101\r\n'],
    ['zeros', Buffer.alloc(1_000)],
    ['a rule that there is not', icalOf('DTSTART;VALUE=DATE:20260101\r\nRRULE:FREQ=SOMETIMES')],
    ['more than 5000 events', icalOf(...Array<string>(5_001).fill('DTSTART;VALUE=DATE:20260101'))],
    ['more occurrences than any century has days', fixture('crowded')],
    ['a rule that never comes true', fixture('endless')],
  ])('is refused when it is %s', async (_, file) => {
    expect(await send(file)).toMatchObject({ status: 422, body: { code: 'unreadable_calendar' } })
    expect((await calendar()).version).toBe(1)
  })

  it('has a megabyte and its own content type', async () => {
    expect((await send(icalOf(`SUMMARY:${'x'.repeat(1_100_000)}`))).status).toBe(413)
    expect((await ada.post(`/sla/calendars/${id}/holidays/ical`, { ical: 'x' })).status).toBe(415)
    expect((await ada.raw('POST', '/sla/calendars', '', { 'content-type': 'text/calendar' })).status).toBe(
      415,
    )
  })

  it('is read beside the event loop, however hostile it is', async () => {
    const folded = icalOf(`DTSTART;VALUE=DATE:20260101\r\nSUMMARY:x${'\r\n x'.repeat(240_000)}`)
    const lists = icalOf(
      `DTSTART;VALUE=DATE:20260101\r\nEXDATE;VALUE=DATE:20260101${',20260102'.repeat(110_000)}`,
    )
    const events = icalOf(...Array<string>(5_000).fill('DTSTART;VALUE=DATE:20260101\r\nRRULE:FREQ=YEARLY'))
    const deep = `BEGIN:VCALENDAR\r\n${'BEGIN:X\r\n'.repeat(50_000)}${'END:X\r\n'.repeat(50_000)}END:VCALENDAR\r\n`
    const delay = monitorEventLoopDelay({ resolution: 1 })
    delay.enable()
    const hostile = [fixture('endless'), fixture('crowded'), folded, lists, events, deep]
    const answers = await Promise.all(hostile.map((file) => send(file)))
    delay.disable()
    console.log(`6 hostile calendars: longest event loop delay ${(delay.max / 1e6).toFixed(1)} ms`)
    for (const { status } of answers) expect([200, 422]).toContain(status)
    expect(answers.slice(0, 2).map(({ status }) => status)).toEqual([422, 422])
    expect((await send(fixture('moved'))).status).toBe(200)
  })
})

describe('the holidays of a country', () => {
  const ask = (input: Body) => ada.post(`/sla/calendars/${id}/holidays/country`, input)

  it('are those of its region, of this year and the next two unless it says', async () => {
    const dry = (await ask({ country: 'DE', region: 'BY', dryRun: true })).body
    expect((await calendar()).version).toBe(1)
    const years = new Set(dry.holidays.map(({ date }: Body) => date.slice(0, 4)))
    expect([...years]).toEqual(['2026', '2027', '2028'])
    const { body } = await ask({ country: 'de', region: 'by', years: [2026] })
    expect(body).toMatchObject({ added: 11, unchanged: 1, skipped: [], dryRun: false })
    expect(named(body, 'Heilige Drei Könige')).toEqual(['2026-01-06'])
    expect((await ask({ country: 'DE', years: [2026], dryRun: true })).body).toMatchObject({
      added: 0,
      unchanged: 9,
    })
    expect((await ask({ country: 'DE', region: 'BY-A', years: [2026] })).body.added).toBe(2) // Augsburg has its own
    expect(await calendar()).toMatchObject({ version: 3 })
  })

  it('include substitutes and every day of long ones, but no half days', async () => {
    const of = async (country: string, more: Body = {}) =>
      (await ask({ country, years: [2026], dryRun: true, ...more })).body
    expect(named(await of('GB', { region: 'ENG' }), 'Boxing Day (substitute day)')).toEqual(['2026-12-28'])
    expect(named(await of('SA'), 'عيد الفطر')).toEqual([
      '2026-03-19',
      '2026-03-20',
      '2026-03-21',
      '2026-03-22',
    ])
    const reason = 'covers only part of the day'
    expect((await of('GT')).skipped).toContainEqual({ summary: 'Nochebuena, 2026-12-24', reason })
    const austrian = await of('AT', { types: ['bank'] })
    expect(austrian).toMatchObject({ holidays: [], added: 0 })
    expect(austrian.skipped.map(({ summary }: Body) => summary)).toContain('Silvester, 2026-12-31')
  })

  it.each([
    ['country', { country: 'XX' }],
    ['region', { country: 'DE', region: 'ZZ' }],
    ['region', { country: 'DE', region: 'BY-ZZ' }],
    ['region', { country: 'DE', region: 'BY-A-B' }],
    ['region', { country: 'SG', region: '01' }],
    ['region', { country: 'DE', region: '' }],
  ])('are none where there is no such %s', async (field, input) => {
    const answer = await ask(input)
    expect(answer).toMatchObject({ status: 422, body: { code: 'invalid_input', errors: [{ field }] } })
  })

  it.each([{}, { country: 'Germany' }, { country: 'DE', years: [] }, { country: 'DE', years: [1e9] }])(
    'are not asked for like this: %j',
    async (input) => expect((await ask(input)).status).toBe(400),
  )
})

it('are too many at some time, and none of them is added then', async () => {
  const daily = icalOf('DTSTART;VALUE=DATE:20250101\r\nRRULE:FREQ=DAILY')
  expect(await send(daily)).toMatchObject({
    status: 422,
    body: { code: 'invalid_calendar', errors: [{ field: 'holidays' }] },
  })
  expect((await calendar()).version).toBe(1)
})

function fixture(name: string): Buffer {
  return readFileSync(`test/fixtures/calendars/${name}.ics`)
}

const calendar = async () => (await ada.get(`/sla/calendars/${id}`)).body

function icalOf(...events: string[]): string {
  const body = events.map((event) => `BEGIN:VEVENT\r\n${event}\r\nEND:VEVENT\r\n`).join('')
  return `BEGIN:VCALENDAR\r\n${body}END:VCALENDAR\r\n`
}

const send = (file: string | Buffer, query = '') =>
  ada.raw('POST', `/sla/calendars/${id}/holidays/ical${query}`, file, { 'content-type': 'text/calendar' })

const named = (body: Body, name: string): string[] =>
  body.holidays.filter((holiday: Body) => holiday.name === name).map((holiday: Body) => holiday.date)
