import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ApiClient, type Body } from './support/api-client.js'
import { startTestApp, type TestApp } from './support/test-app.js'

const DAY = [['09:00', '17:00']]
const WEEK = { mon: DAY, tue: DAY, wed: DAY, thu: DAY, fri: DAY }
const BERLIN = {
  name: 'Berlin',
  timezone: 'Europe/Berlin',
  hours: WEEK,
  holidays: [{ date: '2026-12-25', name: 'Christmas Day' }, '2026-12-26'],
}

let punctual: TestApp
let ada: ApiClient
beforeAll(async () => {
  punctual = await startTestApp()
})
afterAll(() => punctual.stop())
beforeEach(async () => {
  ada = await punctual.tenant()
})

describe('a calendar', () => {
  it('is made, read, listed in pages and removed', async () => {
    const { status, body } = await ada.post('/sla/calendars', BERLIN)
    expect(status).toBe(201)
    expect(body).toMatchObject({ name: 'Berlin', version: 1, timezone: 'Europe/Berlin', hours: WEEK })
    expect(body.holidays).toEqual([{ date: '2026-12-25', name: 'Christmas Day' }, { date: '2026-12-26' }])
    expect((await ada.get(`/sla/calendars/${body.id}`)).body).toEqual(body)

    const { id } = (await ada.post('/sla/calendars', { ...BERLIN, name: 'Always', ...ALWAYS })).body
    const first = (await ada.get('/sla/calendars?limit=1')).body
    expect(first.data).toMatchObject([{ id, hours: { always_open: true }, holidays: [] }])
    const second = (await ada.get(`/sla/calendars?limit=1&cursor=${first.nextCursor}`)).body
    expect(second).toEqual({ data: [body], nextCursor: null })

    expect((await ada.delete(`/sla/calendars/${id}`)).status).toBe(204)
    for (const answer of [await ada.get(`/sla/calendars/${id}`), await ada.delete(`/sla/calendars/${id}`)])
      expect(answer).toMatchObject({ status: 404, body: { code: 'not_found' } })
    expect((await ada.get('/sla/calendars')).body.data).toEqual([body])
    expect(await versionsOf(id)).toEqual([1])
  })

  it('gets a version by what is changed in it, not by its name nor by saying the same again', async () => {
    const { body: made } = await ada.post('/sla/calendars', BERLIN)
    const { id } = made
    const change = async (changes: Body) => (await ada.patch(`/sla/calendars/${id}`, changes)).body
    expect(await change({})).toEqual(made)
    expect(await change({ hours: WEEK, holidays: ['2026-12-26', BERLIN.holidays[0]] })).toMatchObject({
      version: 1,
    })
    expect(await change({ name: 'Bonn' })).toMatchObject({ version: 1, name: 'Bonn' })
    expect(await change({ holidays: [] })).toMatchObject({
      version: 2,
      name: 'Bonn',
      holidays: [],
      hours: WEEK,
    })
    expect(await change({ timezone: 'Europe/Paris' })).toMatchObject({ version: 3, timezone: 'Europe/Paris' })
    expect(await change({ hours: { sat: DAY } })).toMatchObject({ version: 4, hours: { sat: DAY } })
    const versions = await punctual.query<{ definition: Body }>(
      'select definition from sla_calendar_versions where calendar_id = $1 order by version',
      [id],
    )
    expect(versions.map(({ definition }) => definition.timezone)).toEqual([
      ...['Europe/Berlin', 'Europe/Berlin'],
      ...['Europe/Paris', 'Europe/Paris'],
    ])
    expect(versions[0]!.definition.holidays).toHaveLength(2)
  })

  it('keeps both of two changes made at once', async () => {
    const { id } = (await ada.post('/sla/calendars', BERLIN)).body
    const days = Array.from({ length: 8 }, (_, index) => `2026-06-0${index + 1}`)
    const country = { country: 'DE', years: [2026] }
    const answers = await Promise.all([
      ...days.map((day) =>
        ada.patch(`/sla/calendars/${id}`, { hours: { ...WEEK, overrides: { [day]: [] } } }),
      ),
      ada.post(`/sla/calendars/${id}/holidays/country`, country),
    ])
    expect(answers.map(({ status }) => status)).toEqual(Array(9).fill(200))
    expect(await versionsOf(id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    expect((await ada.get(`/sla/calendars/${id}`)).body.holidays).toHaveLength(9)
  })

  it('has a name of its own, also when two ask for it at once, and until it is removed', async () => {
    const taken = { status: 409, body: { code: 'calendar_exists' } }
    const made = await Promise.all([1, 2, 3, 4].map(() => ada.post('/sla/calendars', BERLIN)))
    const [winner, ...others] = made.toSorted((a, b) => a.status - b.status)
    expect(winner!.status).toBe(201)
    for (const other of others) expect(other).toMatchObject(taken)
    const { id } = (await ada.post('/sla/calendars', { ...BERLIN, name: 'Bonn' })).body
    expect(await ada.patch(`/sla/calendars/${id}`, { name: ' Berlin ' })).toMatchObject(taken)
    await ada.delete(`/sla/calendars/${winner!.body.id}`)
    expect((await ada.patch(`/sla/calendars/${id}`, { name: 'Berlin' })).status).toBe(200)
    expect((await (await punctual.tenant('bob')).post('/sla/calendars', BERLIN)).status).toBe(201)
  })

  it('is read by everyone and changed by managers', async () => {
    const { id } = (await ada.post('/sla/calendars', BERLIN)).body
    const path = `/sla/calendars/${id}`
    const agent = await withRole('agent')
    for (const read of ['/sla/calendars', path, `${path}/hours`])
      expect((await agent.get(read)).status).toBe(200)
    expect((await agent.post('/sla/preview', PREVIEW)).status).toBe(200)
    const refused = [
      agent.post('/sla/calendars', BERLIN),
      agent.patch(path, {}),
      agent.delete(path),
      agent.post(`${path}/holidays/country`, { country: 'DE' }),
      agent.raw('POST', `${path}/holidays/ical`, '', { 'content-type': 'text/calendar' }),
    ]
    for (const answer of await Promise.all(refused)) expect(answer.status).toBe(403)
    expect((await (await withRole('manager')).delete(path)).status).toBe(204)
  })
})

describe('what cannot be', () => {
  it.each([
    ['timezone', { timezone: 'Mars/Olympus' }],
    ['timezone', { timezone: '+01:00' }],
    ['hours', { hours: {} }],
    ['hours', { hours: { overrides: { '2026-12-24': DAY } } }],
    ['hours.mon.0', { hours: { mon: [['17:00', '09:00']] } }],
    ['hours.mon.1', { hours: { mon: [...DAY, ['16:00', '18:00']] } }],
    ['hours.tue.0', { hours: { tue: [['25:00', '26:00']] } }],
    ['hours.monday', { hours: { ...WEEK, monday: DAY } }],
    ['hours.overrides.2026-02-30', { hours: { ...WEEK, overrides: { '2026-02-30': DAY } } }],
    ['holidays.1', { holidays: ['2026-12-25', '2026-13-01'] }],
    ['holidays.3.date', { holidays: [...BERLIN.holidays, '2026-01-01', { date: '2026-02-29' }] }],
    ['holidays.0.name', { holidays: [{ date: '2026-01-01', name: 7 }] }],
    ['holidays', { hours: { always_open: true } }],
  ])('is refused naming %s, and nothing is stored', async (field, wrong: Body) => {
    const { id } = (await ada.post('/sla/calendars', BERLIN)).body
    for (const answer of [
      await ada.post('/sla/calendars', { ...BERLIN, name: 'Bonn', ...wrong }),
      await ada.patch(`/sla/calendars/${id}`, { name: 'Bonn', ...wrong }),
    ]) {
      expect(answer).toMatchObject({ status: 422, body: { code: 'invalid_calendar' } })
      expect(answer.body.errors.map((error: Body) => error.field)).toEqual([field])
      expect(answer.body.detail).toContain(field)
    }
    expect((await ada.get('/sla/calendars')).body.data).toMatchObject([{ name: 'Berlin', version: 1 }])
    expect(await versionsOf(id)).toEqual([1])
  })

  it('is named all at once', async () => {
    const hours = { mon: [['17:00', '09:00']], tue: 'all day' }
    const { body } = await ada.post('/sla/calendars', { name: 'X', timezone: 'X', hours, holidays: ['X'] })
    const fields = body.errors.map((error: Body) => error.field)
    expect(fields).toEqual(['timezone', 'hours.mon.0', 'hours.tue', 'holidays.0'])
  })

  it.each([
    { name: '' },
    { name: null },
    { timezone: 1 },
    { hours: [] },
    { holidays: {} },
    { isActive: true },
  ])('is 400 where it is not even of the right type: %j', async (wrong) => {
    expect((await ada.post('/sla/calendars', { ...BERLIN, ...wrong })).status).toBe(400)
  })
})

const ALWAYS = { hours: { always_open: true }, holidays: [] }
const PREVIEW = { start: '2026-03-02T09:00:00Z', timezone: 'UTC', calendar: WEEK, targetMinutes: 60 }

const versionsOf = async (id: number) =>
  (
    await punctual.query<{ version: number }>(
      'select version from sla_calendar_versions where calendar_id = $1 order by version',
      [id],
    )
  ).map(({ version }) => version)

/** Signed in anew as someone of Ada's who may do less. */
async function withRole(role: string): Promise<ApiClient> {
  const { email } = (await ada.get('/auth/me')).body
  await punctual.query(`update "user" set role = $2 where id = $1`, [ada.tenantId, role])
  // A session of its own: of hers it may still be known who she was.
  const { body } = await ada.post('/auth/login', { email, password: 'a long password' })
  return new ApiClient(punctual.baseUrl, body.accessToken)
}
