import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ApiClient, Body } from '../support/api-client.js'
import { eventually } from '../support/eventually.js'
import { inParallel } from '../support/parallel.js'
import { Receiver } from '../support/receiver.js'
import { startTestApp, type TestApp } from '../support/test-app.js'
import { figure } from './figures.js'

const EVENTS = Number(process.env.CHAOS_OUTAGE_EVENTS ?? 5_000)
const SECOND = 1_000
const OUTAGE_MS = 600 * SECOND
/** The test's clock steps on by so much: a third of the time between two probes, and what is released together. */
const STEP_MS = 10 * SECOND
const DRAIN_STEP_MS = 100
const PROBE_EVERY_MS = 30 * SECOND
const DRAIN_PER_SECOND = 100
/** Attempts on their way until the fifth failure is recorded and the breaker is open: a few handfuls, not all there are. */
const MOST_IN_HAND = 40
/** Of real time, for whatever the application does at one instant of the test's clock. */
const SETTLED_WITHIN_MS = 60_000

let punctual: TestApp
let down: Receiver
let well: Receiver
let ada: ApiClient
/** When each request reached the receiver that is down, by the test's clock. */
const arrivals: { id: string; at: number }[] = []
let isDown = true

beforeAll(async () => {
  punctual = await startTestApp()
  down = await Receiver.start()
  well = await Receiver.start()
  down.answer = ({ body }) => {
    arrivals.push({ id: body.id, at: now() })
    return isDown ? 503 : 204
  }
  ada = await punctual.tenant()
})

afterAll(async () => {
  await punctual.stop()
  await Promise.all([down.stop(), well.stop()])
})

const NAME = `loses none of ${EVENTS} events in ten minutes of outage, and catches up by itself at the bounded rate`

it(NAME, { timeout: 120_000 + EVENTS * 100 }, async () => {
  const events = ['email.received', 'alert.created']
  const { id } = (await ada.post('/webhooks/subscribe', { url: down.url, events })).body
  await ada.post('/webhooks/subscribe', { url: well.url, events: ['alert.created'] })

  const beganAt = now()
  const acknowledged: number[] = []
  const steps = OUTAGE_MS / STEP_MS
  for (let step = 1; step <= steps; step++) {
    acknowledged.push(...(await post(Math.round((EVENTS * step) / steps) - acknowledged.length)))
    await settled()
    await stepOn(STEP_MS)
  }
  expect(await standing(id)).toMatchObject({ breaker: 'open', isActive: true })
  const probes = expectProbes(beganAt)

  isDown = false
  arrivals.length = 0
  const backAt = now()
  while ((await standing(id)).breaker !== 'closed') await stepOn(DRAIN_STEP_MS)
  expectBoundedRate()
  figure('chaos-outage-probes', probes, 'requests')
  figure('chaos-outage-back-to-first-delivery', (arrivals[0]!.at - backAt) / SECOND, 's')
  figure('chaos-outage-drain-rate', ((EVENTS - 1) * SECOND) / (drainedIn() + DRAIN_STEP_MS), 'deliveries/s')

  expect(acknowledged).toHaveLength(EVENTS)
  expect(new Set(acknowledged).size).toBe(EVENTS)
  await expectAllArrivedOnce(id, acknowledged)
  await expectToldOnce(id)
})

const now = () => punctual.clock.now().getTime()

const post = (count: number): Promise<number[]> =>
  inParallel(Array.from({ length: count }), async () => {
    const mail = { from: { address: 'customer@example.com' }, subject: 'Help', text: 'Help!' }
    const { status, body } = await ada.post('/emails', mail)
    expect(status).toBe(201)
    return body.id as number
  })

async function stepOn(ms: number): Promise<void> {
  await punctual.advance(ms)
  await settled()
}

/** At this instant of the test's clock there is nothing left to do. */
const settled = () =>
  eventually(async () => {
    const at = punctual.clock.sqlNow
    const [row] = await punctual.query(
      `select (select count(*) from webhook_queue where due_at <= ${at} or lease_token is not null) as deliveries,
              (select count(*) from webhooks where release_at <= ${at}) as releases,
              -- An outcome is told before what follows from it for the webhook is written.
              (select count(*) from webhooks where breaker = 'closed' and cardinality(failing) = 5
                 or breaker = 'open' and failing = '{}') as unheeded`,
    )
    expect(row).toEqual({ deliveries: 0, releases: 0, unheeded: 0 })
  }, SETTLED_WITHIN_MS)

const standing = async (id: number): Promise<Body> =>
  (await ada.get('/webhooks/subscribe')).body.data.find((webhook: Body) => webhook.id === id)

/** What was in hand when the fifth failed, then one request every 30 s and no other. Gives how many. */
function expectProbes(beganAt: number): number {
  const probes = arrivals.filter(({ at }) => at > beganAt)
  expect(arrivals.length - probes.length).toBeGreaterThanOrEqual(5)
  expect(arrivals.length - probes.length).toBeLessThanOrEqual(MOST_IN_HAND)
  expect(probes.map(({ at }) => at)).toEqual(
    Array.from({ length: OUTAGE_MS / PROBE_EVERY_MS }, (_, n) => beganAt + (n + 1) * PROBE_EVERY_MS),
  )
  return probes.length
}

/** In no second more than what it may take, but for one step: what may go in between goes together. */
function expectBoundedRate(): void {
  const times = arrivals.slice(1).map(({ at }) => at) // the probe came before
  const inSecondFrom = (start: number) => times.filter((at) => at >= start && at < start + SECOND).length
  expect(Math.max(...times.map(inSecondFrom))).toBeLessThanOrEqual(DRAIN_PER_SECOND)
  const least = ((EVENTS - 1) / DRAIN_PER_SECOND) * SECOND
  expect(drainedIn()).toBeGreaterThan(least - 2 * DRAIN_STEP_MS)
  expect(drainedIn()).toBeLessThan(least + 2 * DRAIN_STEP_MS)
}

const drainedIn = () => arrivals.at(-1)!.at - arrivals[0]!.at

async function expectAllArrivedOnce(id: number, emails: number[]): Promise<void> {
  expect(arrivals.map((one) => one.id)).toHaveLength(EVENTS)
  const events = await punctual.query<{ id: string; emailId: number }>(
    `select id, email_id as "emailId" from events where name = 'email.received'`,
  )
  expect(events.map(({ emailId }) => emailId).toSorted((a, b) => a - b)).toEqual(
    emails.toSorted((a, b) => a - b),
  )
  expect(arrivals.map((one) => one.id).toSorted()).toEqual(events.map((event) => event.id).toSorted())
  expect(
    await punctual.query('select status, count(*) from webhook_logs where webhook_id = $1 group by 1', [id]),
  ).toEqual([{ status: 'success', count: EVENTS }])
}

/** Each once, to others and not to itself. */
async function expectToldOnce(id: number): Promise<void> {
  expect(await standing(id)).toMatchObject({ breaker: 'closed', outageSince: null, lastStatus: 'success' })
  const told = ['webhook.failing', 'webhook.recovered']
  await eventually(() => expect(well.received.map(({ body }) => body.data.alert.type)).toEqual(told))
  expect(await punctual.query('select type, webhook_id as id from alerts order by alerts.id')).toEqual(
    told.map((type) => ({ type, id })),
  )
  expect(down.named('alert.created')).toEqual([])
}
