import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { UnitOfWork } from '../src/database/unit-of-work.js'
import { Simulations } from '../src/sla/simulations.service.js'
import type { ApiClient, Body } from './support/api-client.js'
import { addCalendar, recomputed } from './support/calendars.js'
import { eventually } from './support/eventually.js'
import { ok } from './support/mailbox.js'
import { pick, randomly, type Random } from './support/random.js'
import { randomHours, randomMail, randomNumber, randomPolicy } from './support/random-policies.js'
import { clocksNow, everything, figuresOf } from './support/simulated.js'
import { startTestApp, type TestApp } from './support/test-app.js'

const MINUTE = 60_000
const OFFICE = { timezone: 'Europe/Berlin', hours: { mon: [['09:00', '17:00']], tue: [['09:00', '17:00']] } }
const SEEDS = 8
const ROUNDS = 6

let punctual: TestApp
beforeAll(async () => {
  punctual = await startTestApp() // at 10:00 in Berlin on a Monday
})
afterAll(() => punctual.stop())

/** Each change is tried out, then made, and every figure compared with what has become of the clocks. */
describe('what a simulation says is what happens', () => {
  const seen: Record<string, number> = {}
  const count = (what: string, times: number) => (seen[what] = (seen[what] ?? 0) + times)

  it.each(Array.from({ length: SEEDS }, (_, seed) => seed + 1))(
    'to random changes, seed %i',
    async (seed) => {
      const random = randomly(seed)
      const ada = await punctual.tenant()
      const calendarId = await addCalendar(ada, OFFICE)
      const broad = {
        name: 'P',
        firstReplyMinutes: 300,
        nextReplyMinutes: 60,
        resolutionMinutes: 900,
        calendarId,
      }
      await ada.post('/sla/settings', broad)
      for (let n = 0; n < 2; n++)
        await ada.post('/sla/settings', { ...randomPolicy(random, calendarId, 0.6), name: 'P' })
      await randomMail(ada, random, punctual.clock.now(), 12)
      for (let round = 0; round < ROUNDS; round++) {
        await punctual.advance(random.integer(0, 20 * MINUTE))
        await quiet(ada)
        const change = await changeOf(ada, random, calendarId)
        const [before, rows] = [await clocksNow(punctual, ada), await everything(punctual)]
        const simulated = await ada.post('/sla/simulate', change.body)
        expect(await everything(punctual), 'nothing was written').toEqual(rows)
        const made = await change.make()
        count(`${change.kind} ${made.status}`, 1)
        if (made.status >= 400) {
          expect(simulated.status, JSON.stringify(change)).toBe(made.status)
          // The real calendar's fields have other names.
          if (change.kind === 'calendar') expect(simulated.body.code).toBe(made.body.code)
          else expect(simulated.body).toEqual({ ...made.body, requestId: simulated.body.requestId })
          continue
        }
        expect(simulated.status, JSON.stringify([change.body, simulated.body])).toBe(200)
        await quiet(ada)
        const figures = figuresOf(before, await clocksNow(punctual, ada), punctual.clock.now())
        expect(simulated.body, JSON.stringify(change.body)).toEqual(figures)
        for (const [what, times] of Object.entries(figures)) if (typeof times === 'number') count(what, times)
      }
    },
  )

  it('in every way that it can', () => {
    const ways = ['change 200', 'change 422', 'add 201', 'remove 204', 'calendar 200', 'changed', 'unchanged']
    const effects = ['earlier', 'later', 'losingTarget', 'gainingTarget', 'wouldWarnNow', 'wouldBreachNow']
    for (const way of [...ways, ...effects])
      expect(seen[way], `${way} of ${JSON.stringify(seen)}`).toBeGreaterThan(0)
  })
})

/** The monitor and the recomputation have nothing left to do. */
async function quiet(client: ApiClient): Promise<void> {
  await recomputed(client)
  await eventually(async () => {
    const due = await punctual.query(`select 1 from sla_clocks where next_due_at <= ${punctual.clock.sqlNow}`)
    if (due.length > 0) throw new Error('Something is still due')
  })
}

interface Change {
  kind: string
  body: Body
  make: () => Promise<{ status: number; body: Body }>
}

async function changeOf(ada: ApiClient, random: Random, calendarId: number): Promise<Change> {
  const { data } = (await ada.get('/sla/settings')).body as { data: Body[] }
  const kind = pick(random, ['change', 'change', 'change', 'add', 'remove', 'calendar'])
  const custom = data.filter(({ name }) => name.startsWith('P'))
  const { id } = pick(random, random.chance(0.7) && custom.length > 0 ? custom : data)
  const policy = randomPolicy(random, calendarId, kind === 'add' ? 0.7 : 0.3)
  const setting = { name: 'P', ...policy }
  const calendar = randomHours(random)
  if (kind === 'add') return { kind, body: { setting }, make: () => ada.post('/sla/settings', setting) }
  if (kind === 'remove') return { kind, body: { remove: id }, make: () => ada.delete(`/sla/settings/${id}`) }
  if (kind === 'calendar')
    return {
      ...{ kind, body: { calendarId, calendar } },
      make: () => ada.patch(`/sla/calendars/${calendarId}`, calendar),
    }
  const changes = random.chance(0.5) ? policy : randomNumber(random)
  return { kind, body: { settingId: id, changes }, make: () => ada.patch(`/sla/settings/${id}`, changes) }
}

describe('a simulation', () => {
  it('of one change it is, and of nothing of another tenant', async () => {
    const [ada, bob] = [await punctual.tenant(), await punctual.tenant()]
    const [{ id }] = (await ada.get('/sla/settings')).body.data
    const calendarId = await addCalendar(ada, OFFICE)
    const changes = { firstReplyMinutes: 1 }
    const setting = { name: 'P', ...changes }
    const calendar = { holidays: ['2026-03-02'] }
    for (const body of [{ settingId: id, changes }, { remove: id }, { calendarId, calendar }]) {
      expect((await ada.post('/sla/simulate', body)).status, JSON.stringify(body)).toBe(200)
      expect((await bob.post('/sla/simulate', body)).status, JSON.stringify(body)).toBe(404)
    }
    const none = [
      {},
      { settingId: id },
      { changes },
      { calendarId },
      { calendar },
      { settingId: id, calendar },
    ]
    const two = [
      { remove: id, setting },
      { settingId: id, changes, remove: id },
      { settingId: id, setting },
    ]
    const wrong = [
      { settingId: null, changes },
      { remove: 0 },
      { setting: [] },
      { settingId: id, changes: { a: 1 } },
    ]
    for (const body of [...none, ...two, ...wrong])
      expect((await ada.post('/sla/simulate', body)).status, JSON.stringify(body)).toBe(400)
  })

  it('for a tenant without policies is one with those that it would start with, and makes none', async () => {
    const ada = await punctual.tenant()
    const taken = { name: 'P', priorities: ['high'], customerTiers: ['vip'], position: 10 }
    const refused = { status: 422, body: { code: 'unreachable_policy' } }
    expect(await ada.post('/sla/simulate', { setting: taken })).toMatchObject(refused)
    expect((await ada.post('/sla/simulate', { setting: { name: 'P' } })).body.clocks).toBe(0)
    expect(await punctual.query(`select 1 from sla_settings where user_id = $1`, [ada.tenantId])).toEqual([])
    expect(await ada.post('/sla/settings', taken)).toMatchObject(refused)
  })

  it('tells the twenty clocks that move most, and stops after so many', async () => {
    const ada = await punctual.tenant()
    for (let n = 0; n < 25; n++)
      await ada.post('/emails', {
        ...{ from: { address: 'a@example.com' }, subject: 'S', text: 'T' },
        priority: pick(randomly(n), ['high', 'medium', 'low']),
      })
    const setting = { name: 'P', firstReplyMinutes: 30 }
    const { body } = await ada.post('/sla/simulate', { setting })
    const moved = body.sample.map(
      ({ deadlineAt, newDeadlineAt }: Body) => Date.parse(deadlineAt) - Date.parse(newDeadlineAt),
    )
    expect(moved).toHaveLength(20)
    expect(moved).toEqual(moved.toSorted((a: number, b: number) => b - a))
    expect(body).toMatchObject({ clocks: 25, earlier: 25, isPartial: false })
    const simulations = punctual.app.get(Simulations)
    const { most } = simulations
    simulations.most = 24
    expect((await ada.post('/sla/simulate', { setting })).body).toMatchObject({ clocks: 24, isPartial: true })
    simulations.most = most
  })

  it('has nobody late at the very deadline, and everybody an instant after', async () => {
    const ada = await punctual.tenant()
    for (const ms of [-90 * MINUTE, -90 * MINUTE - 1, -30 * MINUTE, -30 * MINUTE - 1]) {
      const receivedAt = new Date(punctual.clock.now().getTime() + ms).toISOString()
      await ok(
        ada.post('/emails', { from: { address: 'a@example.com' }, subject: 'S', text: 'T', receivedAt }),
      )
    }
    const setting = { name: 'P', firstReplyMinutes: 90, warningPercent: 10 }
    expect((await ada.post('/sla/simulate', { setting })).body).toMatchObject({
      ...{ clocks: 4, wouldWarnNow: 1, wouldBreachNow: 1 },
      wouldBreachWithin: { nextHour: 2, nextDay: 3 },
    })
  })

  it('is one at a time', async () => {
    const ada = await punctual.tenant()
    await punctual.app.get(UnitOfWork).run(async (tx) => {
      await tx.query(`select pg_advisory_xact_lock(hashtextextended('simulation ' || $1, 0))`, [ada.tenantId])
      const answer = await ada.post('/sla/simulate', { setting: { name: 'P' } })
      expect(answer).toMatchObject({ status: 409, body: { code: 'simulation_under_way' } })
    })
    expect((await ada.post('/sla/simulate', { setting: { name: 'P' } })).status).toBe(200)
  })
})
