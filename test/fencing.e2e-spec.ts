import { Logger } from '@nestjs/common'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { UnitOfWork } from '../src/database/unit-of-work.js'
import type { Attempt } from '../src/webhooks/attempt.js'
import { DeliveryQueue } from '../src/webhooks/delivery-queue.js'
import { LEASE_SECONDS, type Leased } from '../src/webhooks/lease.js'
import { Outcomes } from '../src/webhooks/outcomes.js'
import type { ApiClient } from './support/api-client.js'
import { eventually } from './support/eventually.js'
import { HttpReceiver } from './support/http-receiver.js'
import { Receiver } from './support/receiver.js'
import { startTestApp, type TestApp } from './support/test-app.js'

const answered = (statusCode: number): Attempt => ({
  ...{ statusCode, error: statusCode === 204 ? null : 'unexpected_status', detail: null },
  ...{ responseBody: `answered ${statusCode}`, retryAfterMs: null, durationMs: statusCode },
})

describe('a worker that is late', () => {
  let punctual: TestApp
  let ada: ApiClient

  beforeAll(async () => {
    punctual = await startTestApp({ PROCESS_ROLES: 'api' }) // the test is the only worker
    ada = await punctual.tenant()
  })
  afterAll(() => punctual.stop())

  it.each([
    [204, 500],
    [204, 410],
    [500, 204],
    [500, 410],
    [500, 500],
    [410, 204],
  ])('changes nothing once another has recorded %i, although it was answered %i', async (second, first) => {
    const id = await waiting()
    const late = await take()
    punctual.clock.advance(LEASE_SECONDS * 1_000)
    await record(await take(), second)
    const before = await rows(id)
    await record(late, first)
    await punctual.app.get(Outcomes).giveBack(late)
    expect(await rows(id)).toEqual(before)
    await forget(id)
  })

  it('changes nothing while the other is still at it', async () => {
    const id = await waiting()
    const late = await take()
    punctual.clock.advance(LEASE_SECONDS * 1_000)
    const present = await take()
    const before = await rows(id)
    await record(late, 204)
    await punctual.app.get(Outcomes).giveBack(late)
    expect(await rows(id)).toEqual(before)
    await record(present, 204)
    expect(await punctual.query('select status, attempts from webhook_logs')).toEqual([
      { status: 'success', attempts: 1 },
    ])
    await forget(id)
  })

  it('changes nothing of what it has itself taken again a moment later', async () => {
    const id = await waiting()
    const late = await take()
    await punctual.app.get(Outcomes).giveBack(late)
    const present = await take()
    const before = await rows(id)
    await punctual.app.get(Outcomes).giveBack(late)
    await record(late, 204)
    expect(await rows(id)).toEqual(before)
    await record(present, 204)
    await forget(id)
  })

  it('may still record what nobody else has taken', async () => {
    const id = await waiting()
    const late = await take()
    punctual.clock.advance(LEASE_SECONDS * 1_000)
    await record(late, 204)
    expect(await punctual.query('select status from webhook_logs')).toEqual([{ status: 'success' }])
    await forget(id)
  })

  it('records what it was answered while the database was away, once it is back', async () => {
    const id = await waiting()
    const away = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    const delivery = await take()
    const run = vi.spyOn(punctual.app.get(UnitOfWork), 'run')
    run.mockRejectedValueOnce(away).mockRejectedValueOnce(new Error('Connection terminated unexpectedly'))
    await record(delivery, 204)
    expect(await punctual.query('select status from webhook_logs')).toEqual([{ status: 'success' }])
    run.mockRestore()
    await forget(id)
  })

  it('sends again what a defect of ours kept it from recording, once the lease is over', async () => {
    const id = await waiting()
    const delivery = await take()
    const run = vi.spyOn(punctual.app.get(UnitOfWork), 'run')
    const logged = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {})
    run.mockRejectedValueOnce(new Error('A defect of ours'))
    await record(delivery, 204)
    expect(logged).toHaveBeenCalledWith(new Error('A defect of ours'))
    for (const mock of [run, logged]) mock.mockRestore()
    punctual.clock.advance(LEASE_SECONDS * 1_000)
    expect((await take()).id).toBe(delivery.id)
    await forget(id)
  })

  /** A delivery that is due, of a webhook of its own. */
  async function waiting(): Promise<number> {
    const { id } = await subscribe(ada, 'http://127.0.0.1:9/')
    await post(ada, 1)
    return id
  }

  async function take(): Promise<Leased> {
    const [leased, ...others] = await punctual.app.get(DeliveryQueue).claim(10, 10, new Map())
    expect(others).toEqual([])
    return leased!
  }

  const record = (delivery: Leased, status: number) =>
    punctual.app
      .get(Outcomes)
      .add({ delivery, attempt: answered(status), startedAt: punctual.clock.now(), url: null, retryCount: 3 })

  const forget = (id: number) => ada.delete(`/webhooks/subscribe/${id}`)

  const rows = (id: number) =>
    Promise.all(
      [
        'select * from webhooks where id = $1',
        'select * from webhook_logs where webhook_id = $1',
        'select * from webhook_queue where webhook_id = $1',
        'select a.* from webhook_attempts a join webhook_logs l on l.id = delivery_id where webhook_id = $1',
      ].map((sql) => punctual.query(sql, [id])),
    )
})

it('a webhook that hangs with a long backlog does not keep the deliveries of others waiting', async () => {
  const punctual = await startTestApp({ WEBHOOK_CONCURRENCY: '20', WEBHOOK_TIMEOUT_MS: '20000' })
  const hanging = await HttpReceiver.start()
  const well = await Receiver.start()
  let asked = 0
  hanging.handle = () => void asked++
  try {
    const ada = await punctual.tenant()
    const { id } = await subscribe(ada, hanging.url)
    await post(ada, 200)
    await eventually(() => expect(asked).toBeGreaterThan(0))
    const others = await Promise.all(Array.from({ length: 10 }, () => subscribe(ada, well.url)))
    await post(ada, 5)
    await eventually(() => expect(well.received).toHaveLength(5 * others.length))
    // All of it while none of what hangs has ended.
    expect(asked).toBeLessThan(20)
    expect(
      await punctual.query('select distinct attempts from webhook_logs where webhook_id = $1', [id]),
    ).toEqual([{ attempts: 0 }])
  } finally {
    await hanging.stop() // first: a stop waits for what is under way
    await punctual.stop()
    await well.stop()
  }
})

const subscribe = async (ada: ApiClient, url: string): Promise<{ id: number }> =>
  (await ada.post('/webhooks/subscribe', { url, events: ['email.received'] })).body

const post = (ada: ApiClient, count: number) =>
  Promise.all(
    Array.from({ length: count }, () =>
      ada.post('/emails', { from: { address: 'c@example.com' }, subject: 'S', text: 'T' }),
    ),
  )
