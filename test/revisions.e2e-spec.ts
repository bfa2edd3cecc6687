import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { SlaRevisions } from '../src/calendars/revisions.service.js'
import type { Transaction } from '../src/database/transaction.js'
import { UnitOfWork } from '../src/database/unit-of-work.js'
import type { ApiClient, Body } from './support/api-client.js'
import { addCalendar, recomputed } from './support/calendars.js'
import { eventually } from './support/eventually.js'
import { ok } from './support/mailbox.js'
import { startTestApp, type TestApp } from './support/test-app.js'

const OFFICE = { timezone: 'UTC', hours: { mon: [['09:00', '17:00']] } }

let punctual: TestApp
let ada: ApiClient
beforeAll(async () => {
  punctual = await startTestApp()
})
beforeEach(async () => {
  ada = await punctual.tenant()
})
afterAll(() => punctual.stop())

describe('a change is a revision, and computes every clock anew,', () => {
  let calendarId: number
  let policy: Body
  let inactive: Body
  beforeEach(async () => {
    calendarId = await addCalendar(ada, OFFICE)
    policy = await ok(ada.post('/sla/settings', { name: 'P', calendarId, firstReplyMinutes: 60 }))
    inactive = await ok(ada.post('/sla/settings', { name: 'I', isActive: false, position: 2 }))
  })

  const own = () => `/sla/settings/${policy.id}`
  const other = () => `/sla/settings/${inactive.id}`
  const office = () => `/sla/calendars/${calendarId}`
  const imported = (dryRun: boolean) =>
    ada.post(`${office()}/holidays/country`, { country: 'DE', years: [2027], dryRun })

  it.each<[string, () => Promise<Body>]>([
    ['what a policy says', () => ada.patch(own(), { warningPercent: 30 })],
    ['the order of policies', () => ada.patch(own(), { position: 7 })],
    ['a policy that is no longer active', () => ada.patch(own(), { isActive: false })],
    ['a policy that is active again', () => ada.patch(other(), { isActive: true, position: 1 })],
    ['a new policy', () => ada.post('/sla/settings', { name: 'N', categories: ['x'] })],
    ['a policy that is removed', () => ada.delete(own())],
    ['the hours of a calendar', () => ada.patch(office(), { hours: { tue: [['09:00', '17:00']] } })],
    ['its imported holidays', () => imported(false)],
  ])('when it is of %s', async (_, change) => expect(await revisionsBy(change)).toBe(1))

  it.each<[string, () => Promise<Body>]>([
    ['nothing', () => ada.patch(own(), {})],
    ['a name', () => ada.patch(own(), { name: 'Q' })],
    ['what it said already', () => ada.patch(own(), { firstReplyMinutes: 60, position: 1 })],
    ['a policy that is not active', () => ada.patch(other(), { firstReplyMinutes: 5, position: 4 })],
    ['a new one that is not', () => ada.post('/sla/settings', { name: 'N', isActive: false })],
    ['one that was not, and is removed', () => ada.delete(other())],
    ['nothing in a calendar', () => ada.patch(office(), OFFICE)],
    ['the name of a calendar', () => ada.patch(office(), { name: 'Bureau' })],
    ['holidays that are only tried out', () => imported(true)],
  ])('but not when it is of %s', async (_, change) => expect(await revisionsBy(change)).toBe(0))

  it('and not of a calendar that no mail is measured by', async () => {
    const { id } = await ok(ada.post('/sla/calendars', { ...OFFICE, name: 'Spare' }))
    const [path, hours] = [`/sla/calendars/${id}`, { wed: [['09:00', '17:00']] }]
    expect(await revisionsBy(() => ada.patch(path, { hours }))).toBe(0)
    await ok(ada.patch(other(), { calendarId: id }))
    expect(await revisionsBy(() => ada.patch(path, { hours: OFFICE.hours }))).toBe(0)
    await ok(ada.patch(other(), { calendarId: null }))
    expect(await revisionsBy(() => ada.delete(path))).toBe(0)
  })
})

describe('changes of one tenant come one after another,', () => {
  it('and after clocks that start at that moment', async () => {
    const calendarId = await addCalendar(ada, OFFICE)
    const { id } = await ok(ada.post('/sla/settings', { name: 'P', categories: ['x'] }))
    const answers = await whileLocked(
      (revisions, tx) => revisions.share(tx, [ada.tenantId]),
      [
        () => ada.post('/sla/settings', { name: 'Q', categories: ['y'] }),
        () => ada.patch(`/sla/settings/${id}`, { name: 'R', position: 3 }),
        () => ada.delete(`/sla/settings/${id}`),
        () => ada.patch(`/sla/calendars/${calendarId}`, { hours: { tue: [['09:00', '17:00']] } }),
        () => ada.post(`/sla/calendars/${calendarId}/holidays/country`, { country: 'DE' }),
        () => ada.delete(`/sla/calendars/${calendarId}`),
      ],
    )
    expect(answers.map(({ status }) => status)).toEqual([201, 200, 204, 200, 200, 204])
  })

  it('so that no policy counts by a calendar that is removed meanwhile', async () => {
    const use = (calendarId: number) => () => ada.post('/sla/settings', { name: 'P', calendarId })
    const remove = (calendarId: number) => () => ada.delete(`/sla/calendars/${calendarId}`)
    const lock = (revisions: SlaRevisions, tx: Transaction) => revisions.lock(tx, ada.tenantId)

    const first = await addCalendar(ada, OFFICE)
    const inUse = { status: 409, body: { code: 'calendar_in_use', detail: expect.stringContaining('“P”') } }
    const used = await whileLocked(lock, [use(first), remove(first)])
    expect(used).toMatchObject([{ status: 201 }, inUse])
    expect((await ada.patch(`/sla/settings/${used[0]!.body.id}`, { isActive: false })).status).toBe(200)
    expect(await remove(first)(), 'also by one that is not active').toMatchObject(inUse)

    const second = await addCalendar(ada, { ...OFFICE, name: 'Other' })
    const gone = { status: 422, body: { errors: [{ field: 'calendarId' }] } }
    expect(await whileLocked(lock, [remove(second), use(second)])).toMatchObject([{ status: 204 }, gone])
  })

  it('and either way when nobody makes them wait', async () => {
    for (let round = 0; round < 10; round++) {
      const calendarId = await addCalendar(ada, { ...OFFICE, name: `Office ${round}` })
      const statuses = await Promise.all([
        ada.post('/sla/settings', { name: 'P', categories: [`c${round}`], calendarId }),
        ada.delete(`/sla/calendars/${calendarId}`),
      ])
      expect([
        [201, 409],
        [422, 204],
      ]).toContainEqual(statuses.map(({ status }) => status))
    }
  })
})

it('of clocks that a change has yet to reach at most 10,000 are counted', async () => {
  const { id } = await ok(
    ada.post('/emails', { from: { address: 'c@example.com' }, subject: 'S', text: 'T' }),
  )
  await recomputed(ada)
  const [{ id: policyId }] = (await ada.get('/sla/settings')).body.data
  await punctual.app.get(UnitOfWork).run(async (tx) => {
    await tx.query(`select pg_advisory_xact_lock(hashtextextended('sla sweep ' || $1, 0))`, [ada.tenantId])
    const add = (rounds: number[]) =>
      punctual.query(
        `insert into sla_clocks (user_id, email_id, metric, round, started_at, target_seconds, warning_at, deadline_at)
         select $1, $2, 'next_reply', n, now(), 60, now(), now() from generate_series($3::int, $4) n`,
        [ada.tenantId, id, ...rounds],
      )
    await add([2, 10])
    await ok(ada.patch(`/sla/settings/${policyId}`, { nextReplyMinutes: 5 }))
    expect((await ada.get('/sla/recomputation')).body).toMatchObject({ isComplete: false, pendingClocks: 10 })
    await add([11, 10_011])
    const { body } = await ada.get('/sla/recomputation')
    expect(body).toMatchObject({ isComplete: false, pendingClocks: 10_000 })
  })
  await punctual.query('delete from sla_clocks where email_id = $1', [id])
})

async function revisionsBy(change: () => Promise<Body>): Promise<number> {
  const revision = async () => (await ada.get('/sla/recomputation')).body.revision
  const before = await revision()
  const { status, body } = await change()
  expect([200, 201, 204], JSON.stringify(body)).toContain(status)
  return (await revision()) - before
}

/** Sends requests that all wait for the tenant's lock, each after the one before it waits, and gives their answers. */
async function whileLocked(
  lock: (revisions: SlaRevisions, tx: Transaction) => unknown,
  requests: (() => Promise<Body>)[],
): Promise<Body[]> {
  const answers: Promise<Body>[] = []
  await punctual.app.get(UnitOfWork).run(async (tx) => {
    await lock(punctual.app.get(SlaRevisions), tx)
    for (const request of requests) {
      answers.push(request())
      await eventually(async () =>
        expect(
          await punctual.query(`select 1 from pg_locks where locktype = 'advisory' and not granted
            and database = (select oid from pg_database where datname = current_database())`),
        ).toHaveLength(answers.length),
      )
    }
  })
  return Promise.all(answers)
}
