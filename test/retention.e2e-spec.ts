import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { UnitOfWork } from '../src/database/unit-of-work.js'
import type { ApiClient } from './support/api-client.js'
import { eventually } from './support/eventually.js'
import { startTestApp, type TestApp } from './support/test-app.js'

/** Logs of deliveries are let go in time, in batches that nobody waits for. */

const HOUR = 60 * 60_000
const DAY = 24 * HOUR

let punctual: TestApp
let ada: ApiClient
let id: number

beforeAll(async () => {
  punctual = await startTestApp({ WEBHOOK_LOG_DAYS: '2' })
})
afterAll(() => punctual.stop())
beforeEach(async () => {
  ada = await punctual.tenant()
  id = (await ada.post('/webhooks/subscribe', { url: 'http://127.0.0.1:9/', events: ['*'] })).body.id
})

it('lets go what is over for so many days, with its attempts, and nothing else', async () => {
  await deliveries('success', 1_300, 3 * DAY)
  await deliveries('failed', 10, 3 * DAY)
  await deliveries('success', 20, 2 * DAY - 2 * HOUR + 1)
  await deliveries('pending', 5, 3 * DAY)
  await punctual.advance(HOUR)
  await eventually(async () => expect(await left()).toEqual({ pending: 5, success: 20 }))
  expect([await attempts(), await orphans()]).toEqual([20, 0])
  await punctual.advance(HOUR)
  await eventually(async () => expect(await left()).toEqual({ pending: 5 }))
})

it('a webhook that is deleted takes its deliveries with it, their attempts and what waits', async () => {
  await deliveries('success', 3, HOUR)
  await deliveries('pending', 2, HOUR)
  expect((await ada.delete(`/webhooks/subscribe/${id}`)).status).toBe(204)
  expect(await left()).toEqual({})
  expect(await orphans()).toBe(0)
})

it('waits for nobody: what is held is left for the next time', async () => {
  await deliveries('success', 3, 3 * DAY)
  const [{ held }] = (await punctual.query<{ held: number }>(
    'select min(id) as held from webhook_logs where webhook_id = $1',
    [id],
  )) as [{ held: number }]
  await punctual.app.get(UnitOfWork).run(async (tx) => {
    await tx.query('select 1 from webhook_logs where id = $1 for update', [held])
    await punctual.advance(HOUR)
    await eventually(async () => expect(await left()).toEqual({ success: 1 }))
  })
  await punctual.advance(HOUR)
  await eventually(async () => expect(await left()).toEqual({}))
})

it('lets go finished recoveries as well', async () => {
  const since = new Date(punctual.clock.now().getTime() - HOUR)
  await ada.post(`/webhooks/${id}/recover`, { since })
  const recoveries = async () => (await ada.get(`/webhooks/${id}/recoveries`)).body.data
  await eventually(async () => expect(await recoveries()).toMatchObject([{ state: 'completed' }]))
  await punctual.advance(DAY)
  expect(await recoveries()).toHaveLength(1)
  await punctual.advance(DAY + 1)
  await eventually(async () => expect(await recoveries()).toEqual([]))
})

/** Deliveries that were over so long ago, or wait since then. */
const deliveries = (status: string, count: number, ageMs: number) =>
  punctual.query(
    `with logged as (
       insert into webhook_logs (webhook_id, event_id, event_type, payload, status, attempts, created_at, completed_at)
       select $1, gen_random_uuid(), 'email.received', '{}', $2, 1, $4::timestamptz,
              case when $2 <> 'pending' then $4::timestamptz end
       from generate_series(1, $3) returning id, event_id, created_at),
     waiting as (
       insert into webhook_queue (delivery_id, webhook_id, event_id, due_at)
       select id, $1, event_id, 'infinity' from logged where $2 = 'pending')
     insert into webhook_attempts (delivery_id, number, started_at, duration_ms)
     select id, 1, created_at, 1 from logged where $2 <> 'pending'`,
    [id, status, count, new Date(punctual.clock.now().getTime() - ageMs)],
  )

async function left(): Promise<Record<string, number>> {
  const rows = await punctual.query<{ status: string; count: number }>(
    'select status, count(*) from webhook_logs where webhook_id = $1 group by 1',
    [id],
  )
  return Object.fromEntries(rows.map(({ status, count }) => [status, count]))
}

const attempts = async () =>
  (
    await punctual.query<{ count: number }>(
      'select count(*) from webhook_attempts a join webhook_logs l on l.id = a.delivery_id where l.webhook_id = $1',
      [id],
    )
  )[0]!.count

/** Of a delivery that is gone. */
async function orphans(): Promise<number> {
  const [row] = await punctual.query<{ count: number }>(
    `select count(*) from (select delivery_id from webhook_attempts union all select delivery_id from webhook_queue) o
     where not exists (select from webhook_logs l where l.id = o.delivery_id)`,
  )
  return row!.count
}
