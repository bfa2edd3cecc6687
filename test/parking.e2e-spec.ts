import { beforeEach, expect, it } from 'vitest'
import { Parkings } from '../src/webhooks/parkings.service.js'
import { Releases } from '../src/webhooks/releases.service.js'
import type { Body } from './support/api-client.js'
import { ada, punctual, queue, ROOM, setClaimStage, subscribe } from './support/claim-stage.js'
import { enqueue } from './support/raw-deliveries.js'

setClaimStage()

const MANY = 120
let id: number
beforeEach(async () => {
  id = await subscribe()
})

it('holds back thousands at once, and has their rows follow little by little', async () => {
  await enqueue(punctual, id, MANY)
  punctual.clock.advance(1)
  await ada.post(`/webhooks/${id}/pause`)
  expect(await claim()).toEqual([])
  expect(await queue().msUntilNextDue([])).toBeNull()
  expect(await backlog()).toEqual({ pending: 0, parked: MANY })
  expect((await ada.get(`/webhooks/${id}/logs?limit=1`)).body.data[0]).toMatchObject({ dueAt: null })
  expect(await unparked()).toBe(MANY)
  await release()
  expect(await unparked()).toBe(MANY - 50)
  await release(2)
  expect(await unparked()).toBe(0)
  await release()
  expect(await isParking()).toBe(false)
})

it('holds back retries too, and nothing that comes once it may go again', async () => {
  await enqueue(punctual, id, 1, '1 minute')
  await ada.post(`/webhooks/${id}/pause`)
  expect(await unparked()).toBe(0)
  await release()
  await ada.post(`/webhooks/${id}/resume`)
  await ada.post('/emails', { from: { address: 'c@example.com' }, subject: 'S', text: 'T' })
  expect(await claim()).toHaveLength(1)
  await release()
  expect(await claim()).toHaveLength(1)
})

it('goes again at the bounded rate, also before all rows have followed', async () => {
  await enqueue(punctual, id, MANY)
  punctual.clock.advance(1)
  await ada.post(`/webhooks/${id}/pause`)
  await ada.post(`/webhooks/${id}/resume`)
  expect(await claim()).toEqual([])
  await release()
  expect(await claim()).toHaveLength(10)
  await release()
  expect(await claim()).toEqual([])
  expect(await standing()).toMatchObject({ breaker: 'draining' })
  for (let taken = 10; taken < MANY; taken += 10) {
    punctual.clock.advance(100)
    await release()
    expect(await claim()).toHaveLength(10)
  }
  punctual.clock.advance(100)
  await release()
  expect(await standing()).toMatchObject({ breaker: 'closed' })
})

it('takes what a worker had in hand once that worker is gone', async () => {
  await enqueue(punctual, id, ROOM + 1)
  punctual.clock.advance(1)
  expect(await claim()).toHaveLength(ROOM)
  await ada.post(`/webhooks/${id}/pause`)
  await release(2)
  expect(await unparked()).toBe(ROOM)
  expect(await isParking()).toBe(true)
  await ada.post(`/webhooks/${id}/resume`)
  await release()
  expect(await claim()).toHaveLength(1)
  punctual.clock.advance(100)
  await release()
  expect(await standing()).toMatchObject({ breaker: 'draining' })
  punctual.clock.advance(30_000)
  expect(await claim()).toHaveLength(1)
  await release(2)
  expect(await isParking()).toBe(false)
  expect(await claim()).toHaveLength(10)
})

const claim = () => queue().claim(100, ROOM, new Map())

async function release(times = 1): Promise<void> {
  for (let time = 0; time < times; time++) {
    await punctual.app.get(Parkings).claim()
    await punctual.app.get(Releases).claim(100)
  }
}

/** Rows that do not say that they wait. */
const unparked = async (): Promise<number> =>
  (await punctual.query('select 1 from webhook_queue where webhook_id = $1 and due_at is not null', [id]))
    .length

async function isParking(): Promise<boolean> {
  const [row] = await punctual.query<{ since: Date | null }>(
    'select parked_before as since from webhooks where id = $1',
    [id],
  )
  return row!.since !== null
}

async function backlog(): Promise<Body> {
  const { pending, parked } = (await ada.get(`/webhooks/${id}/stats`)).body.backlog
  return { pending, parked }
}

const standing = async (): Promise<Body> =>
  (await ada.get('/webhooks/subscribe')).body.data.find((webhook: Body) => webhook.id === id)
