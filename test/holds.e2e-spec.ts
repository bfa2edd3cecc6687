import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from './support/eventually.js'
import { HttpReceiver } from './support/http-receiver.js'
import { ada, email, log, logs, punctual, setWebhookStage, subscribe } from './support/webhook-stage.js'

setWebhookStage()

/** A receiver that asks for time holds its webhook: it is there, and says when it wants more. */

const MINUTE = 60_000
const HOUR = 60 * MINUTE

let busy: HttpReceiver
let id: number
/** The seconds of its Retry-After; null once it takes all. */
let asks: number | string | null
beforeEach(async () => {
  asks = 60
  busy = await HttpReceiver.start()
  busy.handle = (_request, response) =>
    void (
      asks === null ? response.writeHead(204) : response.writeHead(429, { 'retry-after': String(asks) })
    ).end()
  id = (await subscribe({ url: busy.url, retryCount: 0 })).body.id
})
afterEach(() => busy.stop())

const stands = async (): Promise<unknown> => (await ada.get(`/webhooks/subscribe/${id}`)).body
const heldUntil = (ms: number | null) =>
  eventually(async () =>
    expect(await stands()).toMatchObject({ heldUntil: ms === null ? null : punctual.clock.in(ms) }),
  )
const told = async (): Promise<string[]> =>
  (await ada.get('/alerts?limit=100')).body.data
    .map(({ type }: { type: string }) => type)
    .filter((type: string) => type.startsWith('webhook.'))
const asked = (times: number) => eventually(() => expect(busy.requests).toHaveLength(times))
const parked = (count: number) =>
  eventually(async () => {
    const rows = await punctual.query(
      'select 1 from webhook_queue where webhook_id = $1 and due_at is null and leased_until is null',
      [id],
    )
    expect(rows).toHaveLength(count)
  })
const isThrough = () =>
  eventually(async () => {
    await punctual.advance(100)
    expect(await stands()).toMatchObject({ heldUntil: null, breaker: 'closed', lastStatus: 'success' })
  })
const delivered = (count: number) =>
  eventually(async () => {
    await punctual.advance(100)
    expect((await logs(id, '?status=success&limit=100')).length).toBe(count)
  })

it('gets nothing before the instant that it named, neither what failed nor what is new, and then all', async () => {
  await email()
  await heldUntil(MINUTE)
  for (let n = 0; n < 7; n++) await email()
  await parked(8)
  expect((await logs(id)).map(({ status, dueAt }) => [status, dueAt])).toEqual(
    Array.from({ length: 8 }, () => ['pending', punctual.clock.in(MINUTE)]),
  )
  asks = null
  await punctual.advance(MINUTE - 1)
  await parked(8)
  expect(busy.requests).toHaveLength(1)
  await punctual.advance(1)
  await delivered(8)
  expect(busy.requests).toHaveLength(9)
  await isThrough()
})

it('sends nothing more of what this process has in hand once one answer asks for time', async () => {
  const answers: (() => void)[] = []
  busy.handle = (_request, response) =>
    void answers.push(() => response.writeHead(429, { 'retry-after': '60' }).end())
  for (let n = 0; n < 14; n++) await email() // eight at once, the others wait in hand
  await asked(8)
  punctual.clock.advance(1) // what is in hand was due before it is parked
  answers[0]!()
  await heldUntil(MINUTE)
  for (const answer of answers.slice(1)) answer()
  await parked(14)
  expect(busy.requests).toHaveLength(8)
})

it('brings nothing forward: a retry that is due later comes when it is due', async () => {
  busy.handle = (_request, response) => void response.writeHead(500).end()
  await ada.patch(`/webhooks/subscribe/${id}`, { retryCount: 9 })
  await email()
  for (const wait of [2, 4, 8, 16, 32]) {
    await eventually(async () => expect((await log(id)).dueAt).toBe(punctual.clock.in(wait * 1_000)))
    await punctual.advance(wait * 1_000)
  }
  await eventually(async () => expect((await log(id)).dueAt).toBe(punctual.clock.in(64_000)))
  const slow = (await log(id)).id
  busy.handle = (_request, response) => void response.writeHead(503, { 'retry-after': '10' }).end()
  await email()
  await heldUntil(10_000)
  await eventually(async () => {
    const [fresh, old] = await logs(id)
    expect([fresh!.dueAt, old!.id, old!.dueAt]).toEqual([
      punctual.clock.in(10_000),
      slow,
      punctual.clock.in(64_000),
    ])
  })
  busy.handle = (_request, response) => void response.writeHead(204).end()
  await punctual.advance(10_000)
  await delivered(1)
  expect(await logs(id, '?status=pending')).toMatchObject([{ id: slow, attempts: 6 }])
})

it('loses no attempt, opens no breaker and alerts nobody, for a day; then it fails as others do', async () => {
  asks = 6 * 60 * 60
  for (let n = 0; n < 6; n++) await email()
  for (const hours of [0, 6, 12, 18]) {
    await eventually(async () => expect((await logs(id)).at(-1)!.attempts).toBe(hours / 6 + 1))
    await heldUntil(6 * HOUR)
    await parked(6)
    expect(await stands()).toMatchObject({ isActive: true, outageSince: null })
    expect((await logs(id)).map(({ status }) => status)).toEqual(Array(6).fill('pending'))
    expect(await told()).toEqual([])
    await punctual.advance(6 * HOUR)
  }
  await eventually(async () => expect(await told()).toEqual(['webhook.failing']))
  await heldUntil(6 * HOUR) // nor is it asked more often than it wants while its breaker is open
  const before = busy.requests.length
  await punctual.advance(HOUR)
  await parked(6)
  expect(busy.requests).toHaveLength(before)
  asks = null
  await punctual.advance(5 * HOUR)
  await delivered(6)
  await isThrough()
})

it('has its day anew with each success', async () => {
  asks = 6 * 60 * 60
  await email()
  for (const _ of [1, 2, 3]) {
    await heldUntil(6 * HOUR)
    await parked(1)
    await punctual.advance(6 * HOUR)
  }
  await heldUntil(6 * HOUR)
  asks = null
  await punctual.advance(6 * HOUR)
  await delivered(1)
  asks = 60
  await email()
  await heldUntil(MINUTE)
  expect(await log(id)).toMatchObject({ status: 'pending', attempts: 1 })
  expect(await told()).toEqual([])
})

it('is held, where it is limited in its rate and where its emails go in order', async () => {
  await ada.patch(`/webhooks/subscribe/${id}`, { rateLimit: 100, ordering: 'email' })
  await email()
  await heldUntil(MINUTE)
  await email()
  await parked(2)
  await punctual.advance(MINUTE - 1)
  expect(busy.requests).toHaveLength(1)
  asks = null
  await punctual.advance(1)
  await delivered(2)
})

describe('the hold ends', () => {
  it.each([
    ['by a pause, and a person has it go on', () => ada.post(`/webhooks/${id}/pause`)],
    ['where the webhook goes to another address', async () => undefined],
  ])('%s', async (_how, pause) => {
    await email()
    await heldUntil(MINUTE)
    await parked(1)
    asks = null
    if (await pause()) await ada.post(`/webhooks/${id}/resume`)
    else await ada.patch(`/webhooks/subscribe/${id}`, { url: `${busy.url}/other` })
    await heldUntil(null)
    await delivered(1)
  })

  it('at once for what a person asks for', async () => {
    await email()
    await heldUntil(MINUTE)
    await email()
    await parked(2)
    asks = null
    await ada.post(`/webhooks/${id}/test`, { event: 'email.received' })
    await asked(2)
    const [, first] = (await logs(id, '?status=pending')) as [unknown, { id: number }]
    expect((await ada.post(`/webhooks/${id}/logs/${first.id}/resend`)).status).toBe(202)
    await asked(3)
    await eventually(async () => expect(await logs(id, '?status=success')).toHaveLength(2))
    await heldUntil(MINUTE)
    await parked(1)
  })

  it('for a test not at all: its 429 is its outcome and holds nothing', async () => {
    await ada.post(`/webhooks/${id}/test`, { event: 'email.received' })
    await eventually(async () => expect(await log(id)).toMatchObject({ status: 'failed', statusCode: 429 }))
    await heldUntil(null)
  })
})
