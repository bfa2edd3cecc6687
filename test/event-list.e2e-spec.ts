import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { EventPositions } from '../src/events/event-positions.js'
import type { ApiClient, Body } from './support/api-client.js'
import { eventually } from './support/eventually.js'
import { RawEvents } from './support/raw-events.js'
import { startTestApp, type TestApp } from './support/test-app.js'

let punctual: TestApp
let ada: ApiClient

beforeAll(async () => {
  punctual = await startTestApp()
})
afterAll(() => punctual.stop())
beforeEach(async () => {
  ada = await punctual.tenant()
})

it('lists events as webhooks send them, and always says how to go on', async () => {
  const member = (await ada.post('/team/members', { name: 'Grace', email: 'grace@example.com' })).body
  await ada.post('/emails', { from: { address: 'c@example.com' }, subject: 'Help', text: 'Help!' })
  const all = await settled(2)
  expect(all.data).toMatchObject([
    { event: 'team.member.added', data: { member: { id: member.id, name: 'Grace' } } },
    { event: 'email.received', timestamp: '2026-03-02T09:00:00.000Z', data: { email: { subject: 'Help' } } },
  ])
  expect(Object.keys(all.data[0])).toEqual(['id', 'event', 'timestamp', 'sequence', 'data'])

  const first = await list({ limit: 1 })
  expect([first.data, first.hasMore]).toEqual([[all.data[0]], true])
  const second = await list({ limit: 1, after: first.nextCursor })
  expect([second.data, second.hasMore]).toEqual([[all.data[1]], false])
  const nothing = await list({ after: second.nextCursor })
  expect(nothing).toEqual({ data: [], nextCursor: second.nextCursor, hasMore: false })

  await ada.post('/team/members', { name: 'Edsger', email: 'edsger@example.com' })
  await eventually(async () => {
    const { data } = await list({ after: nothing.nextCursor })
    expect(data).toMatchObject([{ data: { member: { name: 'Edsger' } } }])
  })
})

it('begins with the earliest or after the latest, also where there is nothing yet', async () => {
  const { nextCursor } = await list({ after: 'latest' })
  await write([1, 2])
  const all = await settled(2)
  expect(await list({ after: 'earliest' })).toEqual(all)
  expect(await list({ after: nextCursor })).toEqual(all)
  expect((await list({ after: 'latest' })).data).toEqual([])
  expect((await list({ after: 'latest' })).nextCursor).toBe(all.nextCursor)
})

it('lists only the events asked for, and moves on past all others', async () => {
  await write([1, 2, 3], 'email.received')
  await write([4], 'sla.breached')
  await write([5], 'email.resolved')
  await settled(5)
  const some = await list('event=sla.breached&event=email.resolved')
  expect(numbersOf(some)).toEqual([4, 5])
  const none = await list({ event: 'alert.created' })
  expect(none).toMatchObject({ data: [], hasMore: false })
  expect((await list({ after: none.nextCursor })).data).toEqual([])
})

it('looks at a bounded number of events for a rare one, and says that there is more', async () => {
  await punctual.query(
    `insert into events (id, user_id, name, data, occurred_at)
     select gen_random_uuid(), $1, case n when 2400 then 'sla.breached' else 'email.received' end,
            json_build_object('n', n), now()
     from generate_series(1, 2500) n`,
    [ada.tenantId],
  )
  await settled(100) // all of them: they are of one transaction
  const seen: number[] = []
  let asked = 0
  for (let page = await list({ event: 'sla.breached' }); ; asked++) {
    seen.push(...numbersOf(page))
    if (!page.hasMore) break
    page = await list({ event: 'sla.breached', after: page.nextCursor })
  }
  expect(seen).toEqual([2400])
  expect(asked).toBe(2)
})

it('shows nothing beyond a transaction that is still open: it may yet write before', async () => {
  await write([1])
  await settled(1)
  const open = await RawEvents.begin(punctual.databaseUrl, ada.tenantId)
  await open.write(2)
  await write([3])
  const before = await list({})
  expect(numbersOf(before)).toEqual([1])
  await open.write(4)
  await open.commit()
  await eventually(async () => expect(numbersOf(await list({ after: before.nextCursor }))).toEqual([2, 4, 3]))
})

it('misses and repeats nothing while transactions commit in whatever order', async () => {
  const WRITERS = 6
  const ROUNDS = 25
  const writer = async (number: number) => {
    for (let round = 0; round < ROUNDS; round++) {
      const tx = await RawEvents.begin(punctual.databaseUrl, ada.tenantId)
      await tx.write(number * 1_000 + round * 2)
      await sleep(Math.random() * 20)
      await tx.write(number * 1_000 + round * 2 + 1)
      await tx.commit()
    }
  }
  let writing = true
  const written = Promise.all(Array.from({ length: WRITERS }, (_, number) => writer(number))).then(
    () => (writing = false),
  )
  const seen: string[] = []
  let after = 'earliest'
  for (let isLast = false; !isLast;) {
    isLast = !writing
    for (let more = true; more;) {
      const page = await list({ after, limit: 7 })
      seen.push(...page.data.map(({ id }: Body) => id))
      after = page.nextCursor
      more = page.hasMore
    }
  }
  await written
  // Other tests of this machine may hold the end of the stream up for a moment.
  await eventually(async () => {
    const { data, nextCursor } = await list({ after, limit: 100 })
    seen.push(...data.map(({ id }: Body) => id))
    after = nextCursor
    expect(seen).toHaveLength(WRITERS * ROUNDS * 2)
  })
  const rows = await punctual.query<{ id: string }>(
    `select id from events where user_id = $1 order by position, seq`,
    [ada.tenantId],
  )
  expect(seen).toEqual(rows.map(({ id }) => id))
})

it('shows a tenant nothing of another, not even by its cursor', async () => {
  await write([1, 2])
  const { nextCursor } = await settled(2)
  const bob = await punctual.tenant('bob')
  expect((await bob.get('/events')).body.data).toEqual([])
  expect((await bob.get(`/events?after=${nextCursor}`)).body.data).toEqual([])
})

it('goes on when the database has been restored elsewhere, where transactions are counted from few again', async () => {
  await write([1, 2])
  const { nextCursor } = await settled(2)
  // As a dump looks in a new cluster: its positions lie in the future of that one.
  await punctual.query(`update events set position = position + 1e9 where user_id = $1`, [ada.tenantId])
  await punctual.query(`update event_origin set cluster = 'another/1'`)
  const told = cursorOf([1e9 + positionOf(nextCursor) + 1e6, 1e9]) // by the old one, of events that no backup had
  expect((await list({})).data).toEqual([])

  await punctual.app.get(EventPositions).onModuleInit()
  await write([3])
  await eventually(async () => expect(numbersOf(await list({}))).toEqual([1, 2, 3]))
  expect(numbersOf(await list({ after: told }))).toEqual([3])
  // Once only: it is at home now.
  const offset = () => punctual.query('select position_offset from event_origin')
  const now = await offset()
  await punctual.app.get(EventPositions).onModuleInit()
  expect(await offset()).toEqual(now)
})

it('refuses cursors that it never gave, and names that no event has', async () => {
  const keys = [null, {}, [], [1], [1, 2, 3], [-1, 1], [1, -1], ['1', 1], [1.5, 1], [1, null], [1e300, 1]]
  for (const after of ['', 'x', '%00', ...keys.map(cursorOf)]) {
    const { status, body } = await ada.get(`/events?after=${after}`)
    expect([after, status, body.errors?.[0].field]).toEqual([after, 400, 'after'])
  }
  for (const query of ['event=', 'event=email.deleted', 'event=sla.warning&event=sla.warning', 'limit=101'])
    expect([query, (await ada.get(`/events?${query}`)).status]).toEqual([query, 400])
})

async function list(query: string | Record<string, string | number>): Promise<Body> {
  const text = typeof query === 'string' ? query : new URLSearchParams(query as Record<string, string>)
  const { status, body } = await ada.get(`/events?${text}`)
  expect(status, JSON.stringify(body)).toBe(200)
  return body
}

/** All of them, once no older transaction of this machine holds them up. */
const settled = (count: number): Promise<Body> =>
  eventually(async () => {
    const page = await list({ limit: 100 })
    expect(page.data).toHaveLength(count)
    return page
  })

async function write(numbers: number[], name?: string): Promise<void> {
  const tx = await RawEvents.begin(punctual.databaseUrl, ada.tenantId)
  for (const n of numbers) await tx.write(n, name)
  await tx.commit()
}

const numbersOf = ({ data }: Body): number[] => data.map(({ data: { n } }: Body) => n)
const cursorOf = (key: unknown) => Buffer.from(JSON.stringify(key)).toString('base64url')
const positionOf = (cursor: string): number => JSON.parse(Buffer.from(cursor, 'base64url').toString())[0]
