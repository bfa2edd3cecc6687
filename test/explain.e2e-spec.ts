import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiClient, Body } from './support/api-client.js'
import { addCalendar, recomputed } from './support/calendars.js'
import { expectProof } from './support/clock-proof.js'
import { eventually } from './support/eventually.js'
import { MINUTE, ok } from './support/mailbox.js'
import { startTestApp, type TestApp } from './support/test-app.js'

const HOUR = 60 * MINUTE
const OFFICE = { timezone: 'Europe/Berlin', hours: { mon: [['09:00', '17:00']], tue: [['09:00', '17:00']] } }

let punctual: TestApp
beforeAll(async () => {
  punctual = await startTestApp() // at 10:00 in Berlin on a Monday
})
afterAll(() => punctual.stop())

describe('a running clock', () => {
  it('names its policy and why, its calendar, and every interval until its deadline', async () => {
    const ada = await punctual.tenant()
    const calendarId = await addCalendar(ada, OFFICE)
    const conditions = { priorities: ['high', 'medium'], senderDomains: ['example.com'] }
    const policy = await created(ada, { name: 'Office', ...conditions, firstReplyMinutes: 600, calendarId })
    const sales = await created(ada, { name: 'Sales', categories: ['sales'], firstReplyMinutes: 60 })
    const vip = await created(ada, { name: 'VIP', customerTiers: ['vip'], firstReplyMinutes: 60 })
    await created(ada, { name: 'Off', priorities: ['low'], firstReplyMinutes: 60, isActive: false })
    const { id } = await post(ada, { priority: 'high', category: 'Billing' })
    const email = await ok(ada.get(`/emails/${id}`))

    const { clocks, ...answer } = await explained(ada, id)
    expect(answer).toEqual({ at: iso(0), timeZoneData: process.versions.tz, isPartial: false })
    expect(clocks).toEqual([
      {
        ...without(email.clocks[0], 'pauseReason'),
        remainingMinutes: 600,
        policy: {
          ...{ id: policy.id, name: 'Office', version: 1, isCurrent: true },
          why: [
            { condition: 'priorities', expected: ['high', 'medium'], actual: 'high', holds: true },
            {
              condition: 'senderDomains',
              expected: ['example.com'],
              actual: 'mail.example.com',
              holds: true,
            },
          ],
          passedOver: [
            { id: vip.id, name: 'VIP', position: 2, condition: 'customerTiers', actual: 'standard' },
            { id: sales.id, name: 'Sales', position: 3, condition: 'categories', actual: 'Billing' },
          ],
        },
        calendar: { id: calendarId, name: 'Office', version: 1, timezone: 'Europe/Berlin', isCurrent: true },
        until: '2026-03-03T11:00:00.000Z',
        counted: [
          { from: iso(0), to: iso(7 * HOUR), seconds: 7 * 3_600 },
          { from: iso(23 * HOUR), to: iso(26 * HOUR), seconds: 3 * 3_600 },
        ],
        skipped: [{ from: iso(7 * HOUR), to: iso(23 * HOUR), seconds: 16 * 3_600, reason: 'closed' }],
        more: { counted: { intervals: 0, seconds: 0 }, skipped: { intervals: 0, seconds: 0 } },
        ...{ countedSeconds: 36_000, pausedSeconds: 0, closedSeconds: 57_600 },
        ...{ unusedSeconds: 0, overdueSeconds: 0 },
        history: [
          {
            ...{ type: 'started', at: iso(0), recordedAt: iso(0) },
            detail: expect.objectContaining({ targetSeconds: 36_000, warningPercent: 20 }),
          },
        ],
        replays: true,
      },
    ])
    expect(clocks[0].deadlineAt).toBe(clocks[0].until)
  })

  it('of the default policy is always open, and passed over every policy before it', async () => {
    const ada = await punctual.tenant()
    const { data } = (await ada.get('/sla/settings')).body
    for (const { id, isDefault } of data)
      if (!isDefault)
        await ada.patch(`/sla/settings/${id}`, { ...ANYONE, categories: [`not of policy ${id}`] })
    const { id } = await post(ada)
    const [clock] = (await explained(ada, id)).clocks
    expect(clock).toMatchObject({ calendar: null, policy: { name: 'Default', why: [] }, skipped: [] })
    const failed = clock.policy.passedOver.map(({ condition, actual }: Body) => `${condition} ${actual}`)
    expect(failed).toEqual(Array(9).fill('categories null'))
  })
})

describe('a clock that lived', () => {
  it('replays after all that can happen to it, and adds up at every step', async () => {
    const ada = await punctual.tenant()
    const calendarId = await addCalendar(ada, OFFICE)
    const policy = await created(ada, {
      ...{ name: 'All', firstReplyMinutes: 240, resolutionMinutes: 900, calendarId },
    })
    const { id } = await post(ada)
    const types: string[][] = []
    const due = () => punctual.query(`select 1 from sla_clocks where next_due_at <= ${punctual.clock.sqlNow}`)
    const step = async (act: () => Promise<unknown>) => {
      await punctual.advance(20 * MINUTE + 1)
      await act()
      await recomputed(ada)
      await eventually(async () => expect(await due()).toEqual([])) // warned or breached, before the next change
      const { clocks } = await explained(ada, id)
      for (const clock of clocks) expectProof(clock)
      types.push(clocks[0].history.map(({ type }: Body) => type))
      return clocks
    }
    await step(() => ada.post(`/emails/${id}/sla/pause`, { reason: 'on_hold' }))
    await step(() => ada.patch(`/sla/settings/${policy.id}`, { firstReplyMinutes: 120 }))
    await step(() => ada.post(`/emails/${id}/sla/resume`))
    const wider = { ...OFFICE, hours: { mon: [['08:00', '18:00']], tue: [['08:00', '12:00']] } }
    await step(() => ada.patch(`/sla/calendars/${calendarId}`, wider))
    await step(() => punctual.advance(50 * MINUTE)) // the warning
    const [late] = await step(() => punctual.advance(3 * HOUR)) // the breach
    expect(late).toMatchObject({ state: 'running', remainingMinutes: 0, calendar: { version: 2 } })
    expect(late.overdueSeconds).toBeGreaterThan(3_600)
    await step(() => ada.patch(`/sla/settings/${policy.id}`, { firstReplyMinutes: 100 }))
    const [first, resolution] = await step(() => ada.post(`/emails/${id}/reply`, { text: 'Because.' }))
    expect(types.at(-1)).toEqual(
      'started paused recomputed resumed recomputed warned breached stopped'.split(' '),
    )
    expect(first).toMatchObject({ state: 'late', remainingMinutes: null, targetMinutes: 120 })
    expect(first.policy).toMatchObject({ id: policy.id, version: 2, isCurrent: false })
    expect(resolution).toMatchObject({ metric: 'resolution', policy: { version: 3, isCurrent: true } })
    const clocks = await step(() => ada.post(`/emails/${id}/resolve`))
    expect(clocks[1].state).toBe('met')
    expect(clocks[1].unusedSeconds).toBeGreaterThan(3_600)
  })

  it('goes on without a target when no policy has one for it any more, until one has', async () => {
    const ada = await punctual.tenant()
    const policy = await created(ada, { name: 'All', resolutionMinutes: 60 })
    const { id } = await post(ada)
    await punctual.advance(10 * MINUTE)
    await ada.patch(`/sla/settings/${policy.id}`, { resolutionMinutes: null })
    await recomputed(ada)
    const [untimed] = (await explained(ada, id)).clocks
    expect(untimed).toMatchObject({
      state: 'running',
      targetMinutes: null,
      deadlineAt: null,
      countedSeconds: 600,
    })
    expect(untimed.replays).toBe(true)
    await ada.patch(`/sla/settings/${policy.id}`, { resolutionMinutes: 30 })
    await recomputed(ada)
    const [running] = (await explained(ada, id)).clocks
    expect(running).toMatchObject({ state: 'running', remainingMinutes: 20 })
    expectProof(running)
  })

  it('keeps the policy that it breached by, whatever became of it and of the email', async () => {
    const ada = await punctual.tenant()
    const policy = await created(ada, { name: 'High', priorities: ['high'], firstReplyMinutes: 1 })
    const { id } = await post(ada, { priority: 'high' })
    await punctual.advance(HOUR)
    const breached = async () => {
      const [clock] = (await explained(ada, id)).clocks
      expectProof(clock)
      return clock.breachedAt ? clock : Promise.reject(new Error('Not yet breached'))
    }
    await eventually(breached)
    await ada.patch(`/emails/${id}`, { priority: 'low' })
    const why = [{ condition: 'priorities', expected: ['high'], actual: 'low', holds: false }]
    expect((await breached()).policy).toMatchObject({ isCurrent: true, why })
    const before = await created(ada, { name: 'Low', priorities: ['low'], firstReplyMinutes: 1 })
    const passedOver = [{ id: before.id, name: 'Low', position: 1, condition: null, actual: null }]
    expect((await breached()).policy).toMatchObject({ passedOver })
    await ada.patch(`/sla/settings/${policy.id}`, { isActive: false })
    expect((await breached()).policy).toMatchObject({ id: policy.id, isCurrent: false })
    await ada.delete(`/sla/settings/${policy.id}`)
    const gone = { id: null, name: 'High', version: 1, isCurrent: false, why, passedOver: [] }
    expect((await breached()).policy).toEqual(gone)
  })
})

it('says so when a clock is not what its history tells', async () => {
  const ada = await punctual.tenant()
  const { id } = await post(ada)
  await punctual.query(
    `update sla_clocks set deadline_at = deadline_at + interval '1 ms' where email_id = $1`,
    [id],
  )
  expect((await explained(ada, id)).clocks[0].replays).toBe(false)
})

it('replays clocks that are older than their histories', async () => {
  const ada = await punctual.tenant()
  const { id } = await post(ada)
  // As the migration wrote it.
  await punctual.query(`alter table sla_clock_history disable trigger immutable`)
  await punctual.query(
    `update sla_clock_history set detail = (detail::jsonb - 'startedAt')::json
     where clock_id = (select id from sla_clocks where email_id = $1)`,
    [id],
  )
  await punctual.query(`alter table sla_clock_history enable trigger immutable`)
  const [clock] = (await explained(ada, id)).clocks
  expect(clock.history[0].detail).not.toHaveProperty('startedAt')
  expectProof(clock)
})

const ANYONE = { priorities: null, customerTiers: null }

const explained = (client: ApiClient, id: number): Promise<Body> =>
  ok(client.get(`/emails/${id}/sla/explain`))
const created = (client: ApiClient, input: object): Promise<Body> => ok(client.post('/sla/settings', input))
const post = (client: ApiClient, more: object = {}): Promise<Body> =>
  ok(client.post('/emails', { from: { address: 'c@mail.example.com' }, subject: 'S', text: 'T', ...more }))

const iso = (ms: number) => new Date(punctual.clock.now().getTime() + ms).toISOString()

function without({ ...object }: Body, key: string): Body {
  delete object[key]
  return object
}
