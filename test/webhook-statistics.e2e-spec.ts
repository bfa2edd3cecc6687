import { beforeEach, describe, expect, it } from 'vitest'
import { BACKLOG, STATISTICS } from '../src/webhooks/statistics.service.js'
import type { Body } from './support/api-client.js'
import { eventually } from './support/eventually.js'
import {
  ada,
  arrived,
  before,
  email,
  log as logOf,
  punctual,
  receiver,
  setWebhookStage,
} from './support/webhook-stage.js'

setWebhookStage()

/** How a webhook does is told from few rows. */

const MINUTE = 60_000

let id: number

beforeEach(async () => {
  const { body } = await ada.post('/webhooks/subscribe', { url: receiver.url, events: ['email.*'] })
  id = body.id
})

describe('the statistics', () => {
  it('tell how deliveries go, of the hours that are asked for', async () => {
    expect((await stats()).body).toMatchObject({
      ...{ deliveries: 0, attempts: 0, successPercent: null, errors: [], lastError: null },
      ...{ latencyMs: { p50: null, p95: null }, backlog: { pending: 0, parked: 0, oldestSince: null } },
    })
    await email()
    await arrived(1)
    await punctual.advance(2 * 60 * MINUTE)
    const since = punctual.clock.now()
    receiver.answer = () => 500
    await email()
    await eventually(async () => expect((await log()).attempts).toBe(1))
    expect((await stats()).body.backlog).toEqual({ pending: 1, parked: 0, oldestSince: since.toISOString() })
    receiver.answer = () => 200
    await punctual.advance(2_000)
    await eventually(async () => expect((await log()).status).toBe('success'))
    await test('email.received') // does not count
    await eventually(async () => expect((await log()).status).toBe('success'))
    const hour = (await stats(1)).body
    expect(hour).toMatchObject({
      ...{ since: before(punctual.clock.now(), 60 * MINUTE), deliveries: 1, succeeded: 1, failed: 0 },
      ...{ successPercent: 100, attempts: 2, delayMs: { p50: 2_000, p95: 2_000 } },
      errors: [{ error: 'unexpected_status', attempts: 1 }],
      lastError: { error: 'unexpected_status', detail: expect.any(String), statusCode: 500 },
      backlog: { pending: 0, parked: 0, oldestSince: null },
    })
    expect(Date.parse(hour.lastError.at)).toBe(since.getTime())
    expect(hour.latencyMs).toEqual({ p50: expect.any(Number), p95: expect.any(Number) })
    expect((await stats()).body).toMatchObject({ deliveries: 2, succeeded: 2, attempts: 3 })
    for (const hours of [0, 721, 'x']) expect((await stats(hours)).status).toBe(400)
  })

  it('count what failed', async () => {
    await ada.patch(`/webhooks/subscribe/${id}`, { retryCount: 0 })
    receiver.answer = () => (receiver.received.length % 2 === 0 ? 500 : 204)
    for (let n = 1; n <= 3; n++) {
      await email()
      await arrived(n)
    }
    await eventually(async () =>
      expect((await stats()).body).toMatchObject({ succeeded: 1, failed: 2, successPercent: 33.33 }),
    )
  })

  it('count at most 10,000 deliveries and say since when, and are read from indexes alone', async () => {
    await punctual.query(
      `insert into webhook_logs (webhook_id, event_id, event_type, payload, status, attempts, created_at, completed_at)
       select $1, gen_random_uuid(), 'email.received', '{}', 'success', 1, at, at
       from generate_series(1, 30000) n
       cross join lateral (select ${punctual.clock.sqlNow} - (30000 - n) * interval '1 minute' as at) t`,
      [id],
    )
    await punctual.query('analyze webhook_logs')
    const { deliveries, since } = (await stats(1)).body
    expect(deliveries).toBe(61)
    expect(since).toBe(before(punctual.clock.now(), 60 * MINUTE))
    const month = (await stats(720)).body
    expect(month).toMatchObject({ deliveries: 10_000, since: before(punctual.clock.now(), 9_999 * MINUTE) })
    const at = (n: number) => before(punctual.clock.now(), n * MINUTE)
    const { data } = (await ada.get(`/webhooks/${id}/logs?since=${at(20_001)}&until=${at(20_000)}`)).body
    expect(data.map(({ createdAt }: Body) => createdAt)).toEqual([at(20_001)])
    const [{ first }] = (await punctual.query<{ first: number }>(
      'select id as first from webhook_logs where webhook_id = $1 order by id desc offset 60 limit 1',
      [id],
    )) as [{ first: number }]
    const plans = [await plan(STATISTICS, [id, first, punctual.clock.now()]), await plan(BACKLOG, [id])]
    for (const lines of plans) expect(lines).not.toMatch(/Seq Scan on webhook_(logs|queue)/)
  })
})

const plan = async (sql: string, parameters: unknown[]) =>
  JSON.stringify(await punctual.query(`explain ${sql}`, parameters))

const test = (event: string) => ada.post(`/webhooks/${id}/test`, { event })
const stats = (hours?: number | string) =>
  ada.get(`/webhooks/${id}/stats${hours === undefined ? '' : `?hours=${hours}`}`)
const log = () => logOf(id)
