import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { UnitOfWork } from '../src/database/unit-of-work.js'
import type { Attempt } from '../src/webhooks/attempt.js'
import { DeliveriesDispatcher } from '../src/webhooks/deliveries.dispatcher.js'
import { DeliveryQueue } from '../src/webhooks/delivery-queue.js'
import { Outcomes } from '../src/webhooks/outcomes.js'
import type { ApiClient } from './support/api-client.js'
import { enqueue } from './support/raw-deliveries.js'
import { startTestApp, type TestApp } from './support/test-app.js'

/** Claims and outcomes of a process that is no worker, so that the test alone makes them. */

const ROOM = 16
let punctual: TestApp
let ada: ApiClient
beforeAll(async () => {
  punctual = await startTestApp({ PROCESS_ROLES: 'api' })
  ada = await punctual.tenant()
})
afterAll(() => punctual.stop())

const queue = () => punctual.app.get(DeliveryQueue)
const success: Attempt = {
  ...{ statusCode: 204, error: null, detail: null, responseBody: null },
  ...{ retryAfterMs: null, durationMs: 1 },
}

async function subscribe(settings: object = {}): Promise<number> {
  const target = { url: 'http://127.0.0.1:9/', events: ['email.*'], ...settings }
  return (await ada.post('/webhooks/subscribe', target)).body.id
}

it('webhooks of which all is in hand take nothing from the share of the others', async () => {
  const busy = await Promise.all(Array.from({ length: 20 }, () => subscribe()))
  await ada.post('/emails', { from: { address: 'c@example.com' }, subject: 'S', text: 'T' })
  expect(await queue().claim(100, ROOM, new Map())).toHaveLength(busy.length)
  const waiting = await subscribe()
  await enqueue(punctual, waiting, 30)
  expect(await queue().claim(10, ROOM, new Map())).toHaveLength(10)
  expect(await queue().claim(100, ROOM, new Map())).toHaveLength(ROOM)
  expect(await queue().msUntilNextDue([])).toBeLessThanOrEqual(0)
  expect(await queue().msUntilNextDue([waiting])).toBeNull()
  await punctual.query('delete from webhooks')
})

it('outcomes wait for who enqueues an email’s next event without standing in its way', async () => {
  for (let hook = 0; hook < 2; hook++) await subscribe({ ordering: 'email' })
  await ada.post('/emails', { from: { address: 'c@example.com' }, subject: 'S', text: 'T' })
  const [first, second] = (await queue().claim(10, ROOM, new Map())).toSorted((a, b) => a.id - b.id)
  const outcomes = punctual.app.get(Outcomes)
  let recorded: Promise<unknown> | undefined
  await punctual.app.get(UnitOfWork).run(async (tx) => {
    await tx.query(`set local lock_timeout = '500ms'`)
    await tx.query('select 1 from webhook_queue where delivery_id = $1 for share', [first!.id])
    const tried = { attempt: success, startedAt: new Date(), retryCount: 3 }
    recorded = Promise.all([second!, first!].map((delivery) => outcomes.add({ ...tried, delivery })))
    await sleep(200)
    await tx.query('select 1 from webhook_queue where delivery_id = $1 for share', [second!.id])
  })
  await recorded
  expect(await punctual.query('select 1 from webhook_queue')).toEqual([])
  await punctual.query('delete from webhooks')
})

it('a delivery whose event is gone says so, and is not its webhook’s failure', async () => {
  const id = await subscribe()
  await ada.post('/emails', { from: { address: 'c@example.com' }, subject: 'S', text: 'T' })
  await punctual.query('delete from emails')
  const dispatcher = punctual.app.get(DeliveriesDispatcher)
  for (const delivery of await dispatcher.claim(10)) await dispatcher.perform(delivery)
  expect((await ada.get(`/webhooks/${id}/logs`)).body.data).toMatchObject([
    { status: 'failed', errorMessage: 'event_gone', payload: null, attempts: 1 },
  ])
  expect(await punctual.query('select failing::text from webhooks')).toEqual([{ failing: '{}' }])
})
