import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { Outages } from '../src/webhooks/outages.service.js'
import type { ApiClient, Body } from './support/api-client.js'
import { eventually } from './support/eventually.js'
import { Receiver } from './support/receiver.js'
import { startTestApp, type TestApp } from './support/test-app.js'

const HOUR = 60 * 60_000
const DAY = 24 * HOUR

let punctual: TestApp
let down: Receiver
let well: Receiver
let ada: ApiClient

beforeAll(async () => {
  punctual = await startTestApp()
})
afterAll(() => punctual.stop())
beforeEach(async () => {
  down = await Receiver.start()
  well = await Receiver.start()
  down.answer = () => 503
  ada = await punctual.tenant()
})
afterEach(async () => {
  await Promise.all([down.stop(), well.stop()])
})

it('leaves a webhook in peace after five deliveries in a row, and asks the oldest every 30 seconds', async () => {
  const id = await subscribe(down)
  await mail(5)
  await stands(id, { breaker: 'open' })
  await mail(2)
  await waiting(id, 7)
  expect(await queue(id)).toEqual([1, 1, 1, 1, 1, 0, 0].map((failures) => ({ failures, probes: 0 })))
  await punctual.advance(29_999)
  expect(down.received).toHaveLength(5)
  await punctual.advance(1)
  await eventually(() => expect(down.received).toHaveLength(6))
  await waiting(id, 7)
  expect(down.received.at(-1)!.body.id).toBe((await logs(id)).at(-1).eventId)
  expect((await queue(id)).map(({ failures }) => failures)).toEqual([1, 1, 1, 1, 1, 0, 0])
  await punctual.advance(30_000)
  await eventually(() => expect(down.received).toHaveLength(7))
  await waiting(id, 7)
})

it('gives it all it missed once it is back, also what had failed for good, and tells people of both once', async () => {
  const id = await subscribe(down, { events: ['email.received', 'alert.created'], retryCount: 0 })
  const other = await subscribe(well, { events: ['alert.created'] })
  await mail(25)
  await stands(id, { breaker: 'open' })
  await waiting(id, 25)
  down.answer = () => 204
  await punctual.advance(30_000)
  await stands(id, { breaker: 'draining' })
  await drained(id)
  await stands(id, { breaker: 'closed', outageSince: null, lastStatus: 'success' })
  expect((await logs(id)).map(({ status }) => status)).toEqual(Array.from({ length: 25 }, () => 'success'))
  await eventually(() =>
    expect(well.received.map(({ body }) => body.data.alert.type)).toEqual([
      'webhook.failing',
      'webhook.recovered',
    ]),
  )
  expect(well.received[0]!.body.data).toMatchObject({ email: null, alert: { webhookId: id, emailId: null } })
  expect(down.named('alert.created')).toEqual([])
  await eventually(async () =>
    expect((await logs(other)).map(({ status }) => status)).toEqual(['success', 'success']),
  )
})

it('is back also when the process that heard so dies before it can say so', async () => {
  const id = await subscribe(down)
  await mail(5)
  await stands(id, { breaker: 'open' })
  await waiting(id, 5)
  await punctual.query(
    `delete from webhook_queue where webhook_id = $1
       and delivery_id > (select min(delivery_id) from webhook_queue where webhook_id = $1)`,
    [id],
  )
  down.answer = () => 204
  const outages = punctual.app.get(Outages)
  const consider = outages.consider.bind(outages)
  const dying = vi.spyOn(outages, 'consider')
  dying.mockImplementation(async (standing, heard) =>
    standing.webhookId === id ? undefined : consider(standing, heard),
  )
  await punctual.advance(30_000)
  await waiting(id, 0)
  await stands(id, { breaker: 'open', lastStatus: 'success' })
  dying.mockRestore()
  await punctual.advance(30_000)
  await stands(id, { breaker: 'closed' })
  expect(await told()).toEqual(['webhook.recovered', 'webhook.failing'])
})

it('drains at a bounded rate, while what is new goes at once', async () => {
  const id = await subscribe(down, { retryCount: 0 })
  await mail(60)
  await stands(id, { breaker: 'open' })
  await waiting(id, 60)
  down.answer = () => 204
  down.received.length = 0
  await punctual.advance(30_000)
  await stands(id, { breaker: 'draining' })
  for (const sent of [11, 21, 31]) {
    await eventually(() => expect(down.received).toHaveLength(sent))
    await punctual.advance(100)
  }
  await eventually(() => expect(down.received).toHaveLength(41))
  await mail(1)
  await eventually(() => expect(down.received).toHaveLength(42))
  await drained(id)
  expect(new Set(down.received.map(({ headers }) => headers['webhook-id'])).size).toBe(61)
})

it('opens again when it fails again before all is out, without telling people twice', async () => {
  const id = await subscribe(down, { retryCount: 0 })
  await mail(30)
  await stands(id, { breaker: 'open' })
  await waiting(id, 30)
  const before = down.received.length
  down.answer = () => (down.received.length < before + 6 ? 204 : 500)
  await punctual.advance(30_000)
  await stands(id, { breaker: 'draining' })
  await eventually(async () => {
    await punctual.advance(100)
    await stands(id, { breaker: 'open' }, 0)
  })
  down.answer = () => 204
  await punctual.advance(30_000)
  await stands(id, { breaker: 'draining' })
  await drained(id)
  await stands(id, { breaker: 'closed' })
  expect(await told()).toEqual(['webhook.recovered', 'webhook.failing'])
})

it('one delivery that always fails does not open it', async () => {
  const id = await subscribe(down, { retryCount: 6 })
  await mail(1)
  for (const attempts of [1, 2, 3, 4, 5, 6]) {
    await eventually(async () => expect((await logs(id))[0].attempts).toBe(attempts))
    await punctual.advance(2 ** attempts * 1_000)
  }
  await eventually(async () => expect((await logs(id))[0]).toMatchObject({ status: 'failed', attempts: 7 }))
  await stands(id, { breaker: 'closed' })
})

it('gives a webhook up that has failed for five days, and keeps what it would have heard for fourteen more', async () => {
  const id = await subscribe(down)
  await mail(5)
  await stands(id, { breaker: 'open' })
  await punctual.advance(5 * DAY - 1)
  await eventually(() => expect(down.received).toHaveLength(6))
  await waiting(id, 5)
  await stands(id, { breaker: 'open', isActive: true })
  await punctual.advance(30_000)
  await stands(id, { isActive: false, inactiveBecause: 'failing' })
  const sent = down.received.length
  await mail(1)
  await punctual.advance(14 * DAY - 1)
  await mail(1)
  await waiting(id, 7)
  await punctual.advance(HOUR) // as often is looked for what has waited too long
  await mail(1)
  await eventually(async () =>
    expect((await logs(id)).map(({ errorMessage }) => errorMessage)).toEqual([
      null,
      ...Array(6).fill('expired'),
    ]),
  )
  expect(down.received).toHaveLength(sent)
  expect(await told()).toEqual(['webhook.deactivated', 'webhook.failing'])
})

it('takes 410 at its word', async () => {
  const id = await subscribe(down)
  down.answer = () => 410
  await mail(1)
  await stands(id, { isActive: false, inactiveBecause: 'gone', lastError: 'gone' })
  await mail(1)
  await waiting(id, 1)
  expect(down.received).toHaveLength(1)
  expect((await logs(id)).map(({ status, attempts }) => [status, attempts])).toEqual([
    ['pending', 0],
    ['failed', 1],
  ])
})

const subscribe = async (receiver: Receiver, more: object = {}): Promise<number> =>
  (await ada.post('/webhooks/subscribe', { url: receiver.url, events: ['email.received'], ...more })).body.id

const mail = (count: number) =>
  Promise.all(
    Array.from({ length: count }, () =>
      ada.post('/emails', { from: { address: 'c@example.com' }, subject: 'S', text: 'T' }),
    ),
  )

const stands = (id: number, as: object, withinMs?: number) =>
  eventually(async () => {
    const { data } = (await ada.get('/webhooks/subscribe')).body
    expect(data.find((webhook: Body) => webhook.id === id)).toMatchObject(as)
  }, withinMs)

/** So many deliveries are parked, and none is in anyone's hands. */
const waiting = (id: number, count: number) =>
  eventually(async () => {
    const rows = await punctual.query<Body>(
      'select due_at, lease_token from webhook_queue where webhook_id = $1',
      [id],
    )
    expect(rows).toEqual(Array.from({ length: count }, () => ({ due_at: null, lease_token: null })))
  })

const queue = (id: number) =>
  punctual.query<{ failures: number; probes: number }>(
    'select failures, probes from webhook_queue where webhook_id = $1 order by delivery_id',
    [id],
  )

/** Of what about webhooks, newest first. */
const told = async (): Promise<string[]> =>
  (await ada.get('/alerts?limit=100')).body.data
    .map(({ type }: Body) => type)
    .filter((type: string) => type.startsWith('webhook.'))

const drained = (id: number) =>
  eventually(async () => {
    await punctual.advance(100)
    expect(await punctual.query('select 1 from webhook_queue where webhook_id = $1', [id])).toEqual([])
  })

const logs = async (id: number): Promise<Body[]> =>
  (await ada.get(`/webhooks/${id}/logs?limit=100`)).body.data
