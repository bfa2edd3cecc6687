import { beforeEach, describe, expect, it } from 'vitest'
import type { Body } from './support/api-client.js'
import { problemsWith } from './support/event-schemas.js'
import { eventually } from './support/eventually.js'
import { Receiver } from './support/receiver.js'
import {
  ada,
  arrived,
  before,
  email,
  log as logOf,
  logs as logsOf,
  punctual,
  receiver,
  setWebhookStage,
} from './support/webhook-stage.js'

setWebhookStage()

/** Deliveries can be looked through, tried and repeated. */

const MINUTE = 60_000

let id: number
let secret: string

beforeEach(async () => {
  const { body } = await ada.post('/webhooks/subscribe', { url: receiver.url, events: ['email.*'] })
  id = body.id
  secret = body.secret
})

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

  it('is sent at once while a retry waits, with all retries anew, and not twice', async () => {
    receiver.answer = () => 500
    await email()
    for (const [attempts, wait] of [0, 2_000, 4_000].entries()) {
      await punctual.advance(wait)
      await eventually(async () => expect(await log()).toMatchObject({ attempts: attempts + 1 }))
    }
    const { id: logId } = await log()
    expect(await resend(logId)).toMatchObject({ status: 202, body: { id: logId } })
    await eventually(async () =>
      expect(await log()).toMatchObject({ attempts: 4, dueAt: punctual.clock.in(2_000) }),
    )
    receiver.answer = () => 204
    await punctual.advance(2_000)
    await eventually(async () => expect(await log()).toMatchObject({ status: 'success', attempts: 5 }))
    await punctual.advance(60_000)
    expect(receiver.received).toHaveLength(5)
  })

  it('is sent at once while its breaker is open, and closes it', async () => {
    receiver.answer = () => 500
    for (let n = 0; n < 5; n++) await email()
    await eventually(async () =>
      expect((await ada.get(`/webhooks/subscribe/${id}`)).body.breaker).toBe('open'),
    )
    receiver.answer = () => 204
    await eventually(async () => expect((await log()).dueAt).toBeNull())
    expect((await resend((await log()).id)).status).toBe(202)
    await arrived(6)
    await eventually(async () =>
      expect((await ada.get(`/webhooks/subscribe/${id}`)).body.breaker).not.toBe('open'),
    )
  })

  it('that waits for an earlier event of its email goes out of its order, and holds up no other', async () => {
    await ada.patch(`/webhooks/subscribe/${id}`, { ordering: 'email', events: ['email.*'] })
    receiver.answer = ({ body }) => (body.event === 'email.received' ? 500 : 204)
    const { id: emailId } = await email()
    await eventually(async () => expect((await log()).attempts).toBe(1))
    await ada.post(`/emails/${emailId}/resolve`)
    await eventually(async () =>
      expect(await log()).toMatchObject({ eventType: 'email.resolved', dueAt: null }),
    )
    await resend((await log()).id)
    await eventually(async () => expect(await log()).toMatchObject({ status: 'success' }))
    const [, first] = await logsOf(id)
    await ada.post(`/emails/${emailId}/reopen`)
    await ada.post(`/emails/${emailId}/resolve`)
    await resend(first!.id) // the next of its email goes once it is out of the way
    await eventually(async () => expect((await log()).status).toBe('success'))
  })

  it('is not sent again while an attempt is under way, nor while its webhook is inactive', async () => {
    const answers: (() => void)[] = []
    receiver.hold = (answer) => answers.push(answer)
    await email()
    await eventually(() => expect(answers).toHaveLength(1))
    const { id: logId } = await log()
    expect(await resend(logId)).toMatchObject({ status: 409, body: { code: 'delivery_pending' } })
    answers[0]!()
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

const test = (event: string) => ada.post(`/webhooks/${id}/test`, { event })
const resend = (logId: number) => ada.post(`/webhooks/${id}/logs/${logId}/resend`)
const log = () => logOf(id)
