import { setTimeout as sleep } from 'node:timers/promises'
import { Logger } from '@nestjs/common'
import { describe, expect, it, vi } from 'vitest'
import { DueWorkRunner } from '../src/database/due-work.js'
import { UnitOfWork } from '../src/database/unit-of-work.js'
import type { Attempt } from '../src/webhooks/attempt.js'
import { DeliveriesDispatcher } from '../src/webhooks/deliveries.dispatcher.js'
import { LEASE_SECONDS, type Leased } from '../src/webhooks/lease.js'
import { Outcomes } from '../src/webhooks/outcomes.js'
import { Receivers } from '../src/webhooks/receivers.js'
import { ada, punctual, queue, ROOM, setClaimStage, subscribe } from './support/claim-stage.js'
import { eventually } from './support/eventually.js'
import { enqueue } from './support/raw-deliveries.js'

/** Claims and outcomes that the test alone makes. */

setClaimStage()

const success: Attempt = {
  ...{ statusCode: 204, error: null, detail: null, responseBody: null },
  ...{ retryAfterMs: null, durationMs: 1 },
}

const failure: Attempt = { ...success, statusCode: 500, error: 'unexpected_status' }

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
})

it('a look goes on where the last one ended, and within a second comes back to what was given back', async () => {
  await enqueue(punctual, await subscribe(), 6)
  const first = await queue().claim(2, ROOM, new Map())
  await Promise.all(first.map((one) => punctual.app.get(Outcomes).giveBack(one)))
  const second = await queue().claim(2, ROOM, new Map())
  expect(second.map(({ id }) => id)).toEqual(first.map(({ id }) => id + 2))
  punctual.clock.advance(1_000)
  expect((await queue().claim(2, ROOM, new Map())).map(({ id }) => id)).toEqual(first.map(({ id }) => id))
})

it('a look goes on after the last of what the one before took, also where what was due first came last', async () => {
  const id = await subscribe()
  await enqueue(punctual, id, 5)
  await enqueue(punctual, id, 1, '-1 second')
  const looks = [await queue().claim(2, ROOM, new Map()), await queue().claim(2, ROOM, new Map())]
  const [first, second] = looks.map((leased) => leased.map((one) => one.id).sort((a, b) => a - b))
  expect(first![1]! - first![0]!).toBe(5)
  expect(second).toEqual([first![0]! + 1, first![0]! + 2])
})

it('a look that found less than it might take is followed by one from the start', async () => {
  await enqueue(punctual, await subscribe(), 3)
  const [first] = await queue().claim(1, ROOM, new Map())
  await punctual.app.get(Outcomes).giveBack(first!)
  expect(await queue().claim(10, ROOM, new Map())).toHaveLength(2)
  expect(await queue().claim(10, ROOM, new Map())).toMatchObject([{ id: first!.id }])
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
    const tried = { attempt: success, startedAt: new Date(), url: null, retryCount: 3 }
    recorded = Promise.all([second!, first!].map((delivery) => outcomes.add({ ...tried, delivery })))
    await sleep(200)
    await tx.query('select 1 from webhook_queue where delivery_id = $1 for share', [second!.id])
  })
  await recorded
  expect(await punctual.query('select 1 from webhook_queue')).toEqual([])
})

it('a delivery whose event is gone says so, and is not its webhook’s failure', async () => {
  const id = await subscribe()
  await ada.post('/emails', { from: { address: 'c@example.com' }, subject: 'S', text: 'T' })
  await punctual.query('delete from emails')
  const dispatcher = punctual.app.get(DeliveriesDispatcher)
  dispatcher.begin(await dispatcher.claim(10))
  await eventually(async () =>
    expect((await ada.get(`/webhooks/${id}/logs`)).body.data).toMatchObject([
      { status: 'failed', errorMessage: 'event_gone', payload: null, attempts: 1 },
    ]),
  )
  expect(await punctual.query('select failing::text from webhooks')).toEqual([{ failing: '{}' }])
})

it.each([
  ['at once', () => raise()],
  ['later', () => Promise.reject(new Error('Unreadable'))],
])(
  'a webhook that cannot be read (%s) keeps its deliveries for later, and the others go on',
  async (_, find) => {
    await enqueue(punctual, await subscribe(), 3)
    const dispatcher = punctual.app.get(DeliveriesDispatcher)
    const logged = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => {})
    const ended = vi.spyOn(punctual.app.get(DueWorkRunner), 'ended')
    vi.spyOn(punctual.app.get(Receivers), 'find').mockImplementationOnce(find)
    dispatcher.begin(await dispatcher.claim(10))
    await eventually(async () =>
      expect(await punctual.query('select failures from webhook_queue order by delivery_id')).toEqual([
        { failures: 0 },
        { failures: 1 },
        { failures: 1 },
      ]),
    )
    expect(ended.mock.calls.reduce((sum, [, count]) => sum + count, 0)).toBe(3)
    expect(logged).toHaveBeenCalledWith(new Error('Unreadable'))
    vi.restoreAllMocks()
  },
)

describe('plain successes', () => {
  it('are let go under the token of their own lease, though another of their batch has the present one', async () => {
    await enqueue(punctual, await subscribe(), 2)
    const [late] = await queue().claim(1, ROOM, new Map())
    punctual.clock.advance(LEASE_SECONDS * 1_000)
    const [again, other] = (await queue().claim(10, ROOM, new Map())).toSorted((a, b) => a.id - b.id)
    expect([again!.id, other!.leaseToken]).toEqual([late!.id, again!.leaseToken])
    await record([late!, other!])
    expect(await punctual.query('select delivery_id as id from webhook_queue')).toEqual([{ id: late!.id }])
    await record([again!])
    expect(await punctual.query('select status, attempts from webhook_logs')).toEqual(
      Array.from({ length: 2 }, () => ({ status: 'success', attempts: 1 })),
    )
  })

  it('are recorded although one of their batch was taken over, which stays as it is', async () => {
    const id = await subscribe()
    await enqueue(punctual, id, 3)
    const leased = await queue().claim(10, ROOM, new Map())
    const [lost, ...ours] = leased
    await punctual.query('update webhook_queue set lease_token = gen_random_uuid() where delivery_id = $1', [
      lost!.id,
    ])
    const theirs = () => punctual.query('select * from webhook_queue where delivery_id = $1', [lost!.id])
    const before = await theirs()
    await record(leased)
    expect(await theirs()).toEqual(before)
    expect(await punctual.query('select delivery_id as id from webhook_queue')).toEqual([{ id: lost!.id }])
    expect(
      await punctual.query(
        `select l.id, status, attempts, l.status_code as "statusCode", array_agg(number) as numbers
         from webhook_logs l join webhook_attempts on delivery_id = l.id group by l.id order by l.id`,
      ),
    ).toEqual(
      ours.map((one) => ({ id: one.id, status: 'success', attempts: 1, statusCode: 204, numbers: [1] })),
    )
  })

  it('and what goes in order, in one batch, are both recorded although one was taken over', async () => {
    const [plain, ordered] = [await subscribe(), await subscribe({ ordering: 'email' })]
    await ada.post('/emails', { from: { address: 'c@example.com' }, subject: 'S', text: 'T' })
    const leased = await queue().claim(10, ROOM, new Map())
    expect(new Set(leased.map(({ webhookId }) => webhookId))).toEqual(new Set([plain, ordered]))
    await punctual.query('update webhook_queue set lease_token = gen_random_uuid() where webhook_id = $1', [
      plain,
    ])
    await record(leased)
    expect(await punctual.query('select webhook_id as id from webhook_queue')).toEqual([{ id: plain }])
  })

  it('are recorded in another try when the database gave up on one of their statements', async () => {
    const id = await subscribe()
    await enqueue(punctual, id, 1)
    const [delivery] = await queue().claim(10, ROOM, new Map())
    let recorded: Promise<unknown> | undefined
    await punctual.app.get(UnitOfWork).run(async (tx) => {
      await tx.query('select 1 from webhook_queue where delivery_id = $1 for update', [delivery!.id])
      recorded = record([delivery!])
      await eventually(async () => {
        const cancelled = await punctual.query(
          `select pg_cancel_backend(pid) from pg_stat_activity
           where datname = current_database() and wait_event_type = 'Lock' and query like '%delete from webhook_queue%'
             and pid <> pg_backend_pid()`,
        )
        expect(cancelled).toHaveLength(1)
      })
    })
    await recorded
    expect(await punctual.query('select status, attempts from webhook_logs')).toEqual([
      { status: 'success', attempts: 1 },
    ])
  })

  it('are told of in their webhook once a second, and at once where it had failed', async () => {
    const id = await subscribe()
    await enqueue(punctual, id, 5)
    const leased = await queue().claim(10, ROOM, new Map())
    const told = async (ms: number, attempt: Attempt) => {
      punctual.clock.advance(ms)
      await record([leased.pop()!], attempt)
      const [row] = await punctual.query<{ at: Date; status: string; failing: number }>(
        `select last_triggered_at as at, last_status as status, cardinality(failing) as failing from webhooks`,
      )
      return { ...row!, at: row!.at.getTime() - punctual.clock.now().getTime() }
    }
    expect(await told(0, success)).toEqual({ at: 0, status: 'success', failing: 0 })
    expect(await told(999, success)).toEqual({ at: -999, status: 'success', failing: 0 })
    expect(await told(1, success)).toEqual({ at: 0, status: 'success', failing: 0 })
    expect(await told(0, failure)).toEqual({ at: 0, status: 'failed', failing: 1 })
    expect(await told(1, success)).toEqual({ at: 0, status: 'success', failing: 0 })
  })

  const record = (deliveries: Leased[], attempt = success) =>
    Promise.all(
      deliveries.map((delivery) =>
        punctual.app
          .get(Outcomes)
          .add({ delivery, attempt, startedAt: punctual.clock.now(), url: null, retryCount: 3 }),
      ),
    )
})

function raise(): never {
  throw new Error('Unreadable')
}
