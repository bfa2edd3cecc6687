import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { BACKLOG, STATISTICS } from '../src/webhooks/statistics.service.js'
import type { ApiClient, Body } from './support/api-client.js'
import { problemsWith } from './support/event-schemas.js'
import { eventually } from './support/eventually.js'
import { Receiver } from './support/receiver.js'
import { startTestApp, type TestApp } from './support/test-app.js'

/** Deliveries can be looked through, tried and repeated. */

const MINUTE = 60_000

let punctual: TestApp
let receiver: Receiver
let ada: ApiClient
let id: number
let secret: string

beforeAll(async () => {
  punctual = await startTestApp()
})
afterAll(() => punctual.stop())
beforeEach(async () => {
  receiver = await Receiver.start()
  ada = await punctual.tenant()
  const { body } = await ada.post('/webhooks/subscribe', { url: receiver.url, events: ['email.*'] })
  id = body.id
  secret = body.secret
})
afterEach(() => receiver.stop())

describe('a test', () => {
  it('delivers a signed sample of the event, marked in the log', async () => {
    const { status, body } = await test('sla.breached')
    expect(status).toBe(202)
    const [sent] = await arrived(1)
    expect(Receiver.verify(sent!, secret, punctual.clock.now())).toEqual(sent!.body)
    expect(problemsWith(sent!.body)).toEqual([])
    expect(sent!.headers['webhook-id']).toBe(body.eventId)
    expect(sent!.body).toMatchObject({ event: 'sla.breached', timestamp: punctual.clock.now().toISOString() })
    await eventually(async () =>
      expect(await log()).toMatchObject({ id: body.id, status: 'success', isTest: true, attempts: 1 }),
    )
    expect((await test('sla.breached')).body.eventId).not.toBe(body.eventId)
    expect((await test('email.*')).status).toBe(400)
  })

  it('reaches a webhook that is paused, in the format it has, and nothing else does', async () => {
    await ada.patch(`/webhooks/subscribe/${id}`, { format: 'slack' })
    await ada.post(`/webhooks/${id}/pause`)
    await email()
    await test('email.received')
    const [sent] = await arrived(1)
    expect(sent!.body.text).toMatch(/engine/)
    await eventually(async () =>
      expect((await ada.get(`/webhooks/${id}/logs?status=pending`)).body.data).toMatchObject([
        { isTest: false },
      ]),
    )
  })

  it('is made once: who tests waits for the answer', async () => {
    receiver.answer = () => 500
    await test('email.received')
    await eventually(async () =>
      expect(await log()).toMatchObject({
        status: 'failed',
        statusCode: 500,
        errorMessage: 'unexpected_status',
      }),
    )
  })
})

describe('a delivery', () => {
  it('shows all its attempts', async () => {
    receiver.answer = () => (receiver.received.length === 0 ? 503 : 200)
    await email()
    await eventually(async () => expect((await log()).attempts).toBe(1))
    await punctual.advance(2_000)
    await eventually(async () => expect((await log()).status).toBe('success'))
    const listed = await log()
    const { status, body } = await ada.get(`/webhooks/${id}/logs/${listed.id}`)
    const { attemptLog, ...delivery } = body
    expect([status, delivery]).toEqual([200, listed])
    const durationMs = expect.any(Number)
    const [failed, made] = attemptLog
    expect(attemptLog).toHaveLength(2)
    expect(failed).toMatchObject({ number: 1, durationMs, statusCode: 503, error: 'unexpected_status' })
    expect(made).toMatchObject({ number: 2, durationMs, statusCode: 200, error: null, responseBody: null })
    expect(made.startedAt).toBe(punctual.clock.now().toISOString())
    expect(failed.startedAt).toBe(before(punctual.clock.now(), 2_000))
    expect((await ada.get(`/webhooks/${id}/logs/${listed.id + 1_000}`)).status).toBe(404)
    const other = await ada.post('/webhooks/subscribe', { url: receiver.url, events: ['sla.*'] })
    expect((await ada.get(`/webhooks/${other.body.id}/logs/${listed.id}`)).status).toBe(404)
  })

  it('is sent again under its id, whether it failed or not, with all retries anew', async () => {
    await email()
    const [first] = await arrived(1)
    await eventually(async () => expect((await log()).status).toBe('success'))
    const { id: logId } = await log()
    receiver.answer = () => 500
    expect(await resend(logId)).toMatchObject({ status: 202, body: { id: logId, eventId: first!.body.id } })
    for (const [retry, wait] of [0, 2_000, 4_000, 8_000].entries()) {
      await punctual.advance(wait)
      await eventually(async () => expect((await log()).attempts).toBe(retry + 2))
    }
    await eventually(async () => expect(await log()).toMatchObject({ status: 'failed', attempts: 5 }))
    receiver.answer = () => 204
    await resend(logId)
    await eventually(async () => expect(await log()).toMatchObject({ status: 'success', attempts: 6 }))
    expect(new Set(receiver.received.map(({ text }) => text)).size).toBe(1)
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
  })

  it('is not sent again while it is pending, nor while its webhook is inactive', async () => {
    receiver.answer = () => 500
    await email()
    await eventually(async () => expect((await log()).attempts).toBe(1))
    const { id: logId } = await log()
    expect(await resend(logId)).toMatchObject({ status: 409, body: { code: 'delivery_pending' } })
    receiver.answer = () => 204
    await punctual.advance(2_000)
    await eventually(async () => expect((await log()).status).toBe('success'))
    await ada.post(`/webhooks/${id}/pause`)
    expect(await resend(logId)).toMatchObject({ status: 409, body: { code: 'webhook_inactive' } })
    expect((await resend(logId + 1_000)).status).toBe(404)
  })

  it('is sent again in its turn where there is a rate limit', async () => {
    await ada.patch(`/webhooks/subscribe/${id}`, { rateLimit: 1 })
    await email()
    await eventually(async () => expect((await log()).status).toBe('success'))
    await resend((await log()).id)
    expect(await log()).toMatchObject({ status: 'pending', dueAt: null })
    await punctual.advance(1_000)
    await arrived(2)
  })
})

it('are found by status, event, answer, error and time, page by page', async () => {
  receiver.answer = ({ body }) => (body.event === 'email.resolved' ? 418 : 204)
  const times: Date[] = []
  for (let n = 0; n < 4; n++) {
    await punctual.advance(10 * MINUTE)
    times.push(punctual.clock.now())
    const { id: emailId } = await email()
    if (n % 2 === 0) await ada.post(`/emails/${emailId}/resolve`)
    await eventually(async () => expect((await log()).attempts).toBe(1))
  }
  const found = async (query: string) => {
    const { status, body } = await ada.get(`/webhooks/${id}/logs?limit=100&${query}`)
    expect(status, query).toBe(200)
    return body.data.map(
      (one: Body) => `${times.findIndex((time) => time.toISOString() === one.createdAt)} ${one.eventType}`,
    )
  }
  const resolved = ['2 email.resolved', '0 email.resolved']
  const received = [3, 2, 1, 0].map((n) => `${n} email.received`)
  expect(await found('event=email.received')).toEqual(received)
  expect(await found('statusCode=418')).toEqual(resolved)
  expect(await found('error=unexpected_status')).toEqual(resolved)
  expect(await found('status=success&event=email.resolved')).toEqual([])
  expect(await found('error=timed_out')).toEqual([])
  expect(await found(`event=email.received&since=${times[2]!.toISOString()}`)).toEqual(received.slice(0, 2))
  expect(await found(`event=email.received&until=${times[2]!.toISOString()}`)).toEqual(received.slice(2))
  const middle = `since=${times[1]!.toISOString()}&until=${times[3]!.toISOString()}`
  expect(await found(`event=email.received&${middle}`)).toEqual(received.slice(1, 3))
  expect(await found(`since=${new Date(times[3]!.getTime() + 1).toISOString()}`)).toEqual([])
  const all = (await ada.get(`/webhooks/${id}/logs?limit=100`)).body.data
  const paged: Body[] = []
  for (let cursor = ''; cursor !== 'null';) {
    const { body } = await ada.get(`/webhooks/${id}/logs?limit=2${cursor}`)
    paged.push(...body.data)
    cursor = body.nextCursor ? `&cursor=${body.nextCursor}` : 'null'
  }
  expect(paged).toEqual(all)
  for (const wrong of ['since=yesterday', 'statusCode=1', 'error=lost', 'event=email.*', 'status=lost'])
    expect((await ada.get(`/webhooks/${id}/logs?${wrong}`)).status, wrong).toBe(400)
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
    await arrived(4)
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
const resend = (logId: number) => ada.post(`/webhooks/${id}/logs/${logId}/resend`)
const stats = (hours?: number | string) =>
  ada.get(`/webhooks/${id}/stats${hours === undefined ? '' : `?hours=${hours}`}`)
const log = async (): Promise<Body> => (await ada.get(`/webhooks/${id}/logs`)).body.data[0]
const email = async (): Promise<Body> =>
  (await ada.post('/emails', { from: { address: 'c@example.com' }, subject: 'S', text: 'T' })).body

const arrived = (count: number) =>
  eventually(() => {
    expect(receiver.received).toHaveLength(count)
    return receiver.received
  })

const before = (instant: Date, ms: number) => new Date(instant.getTime() - ms).toISOString()
