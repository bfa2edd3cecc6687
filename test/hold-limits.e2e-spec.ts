import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { UnitOfWork } from '../src/database/unit-of-work.js'
import { eventually } from './support/eventually.js'
import { HttpReceiver } from './support/http-receiver.js'
import { ada, email, log, logs, punctual, setWebhookStage, subscribe } from './support/webhook-stage.js'

setWebhookStage()

/** Whom the hold of a receiver that asked for time does not concern, and what was parked for one that is over. */

const MINUTE = 60_000

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
afterEach(async () => {
  await ada.delete(`/webhooks/subscribe/${id}`) // no retry of this test comes in another one
  await busy.stop()
})

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

it('is not for whom the former address had asked', async () => {
  let answer: () => void = () => {}
  busy.handle = (_request, response) =>
    void (answer = () => response.writeHead(429, { 'retry-after': '3600' }).end())
  await ada.patch(`/webhooks/subscribe/${id}`, { retryCount: 3 })
  await email()
  await asked(1)
  await ada.patch(`/webhooks/subscribe/${id}`, { url: `${busy.url}/other` })
  answer()
  await eventually(async () =>
    expect(await log(id)).toMatchObject({ attempts: 1, status: 'pending', dueAt: punctual.clock.in(2_000) }),
  )
  expect(await stands()).toMatchObject({ heldUntil: null })
})

it('says of what is over that nothing is due', async () => {
  asks = null
  await email()
  await delivered(1)
  asks = 60
  await email()
  await heldUntil(MINUTE)
  expect((await logs(id, '?status=success')).map(({ dueAt }) => dueAt)).toEqual([null])
})

it.each([429, 500])(
  'no test that is answered %d counts as a failure, nor waits while the breaker is open',
  async (status) => {
    busy.handle = (_request, response) => void response.writeHead(status, { 'retry-after': '20' }).end()
    const test = async () => {
      await ada.post(`/webhooks/${id}/test`, { event: 'email.received' })
      await eventually(async () =>
        expect(await log(id)).toMatchObject({ status: 'failed', statusCode: status }),
      )
    }
    for (let n = 0; n < 6; n++) await test()
    expect(await stands()).toMatchObject({ breaker: 'closed', heldUntil: null, outageSince: null })
    expect(await told()).toEqual([])
    await punctual.query(`update webhooks set breaker = 'open' where id = $1`, [id])
    await test()
  },
)

describe('what was parked for a hold that is over', () => {
  it('nothing is, where a process of the release before left the hold behind', async () => {
    asks = null
    await punctual.query(`update webhooks set held_until = ${punctual.clock.sqlNow} where id = $1`, [id])
    await email()
    await delivered(1)
  })

  it('goes, where its commit came after the end', async () => {
    await email()
    await heldUntil(MINUTE)
    await parked(1)
    asks = null
    await eventually(async () => {
      const [row] = await punctual.query<{ at: Date | null }>(
        'select release_at as at from webhooks where id = $1',
        [id],
      )
      expect(row!.at).not.toBeNull() // nobody waits for this webhook any more
    })
    const other = (await subscribe({ url: busy.url })).body.id
    const { promise: isEnough, resolve: letGo } = Promise.withResolvers<void>()
    const holding = punctual.app.get(UnitOfWork).run(async (tx) => {
      await tx.query('select from webhooks where id = $1 for update', [other]) // as a change of it does
      await isEnough
    })
    const late = email()
    await eventually(async () =>
      expect(
        await punctual.query(
          `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        ),
      ).toHaveLength(1),
    )
    await punctual.advance(MINUTE)
    await isThrough()
    letGo()
    await Promise.all([holding, late])
    await delivered(2)
    await isThrough()
  })
})

it('is over once what a person sent meanwhile is taken, and not by what was under way before', async () => {
  const answers: ((status: number) => void)[] = []
  busy.handle = (_request, response) =>
    void answers.push((status) => response.writeHead(status, { 'retry-after': '21600' }).end())
  await email()
  await email()
  await asked(2)
  answers[0]!(429)
  await heldUntil(6 * 60 * MINUTE)
  await parked(1)
  punctual.clock.advance(1_000)
  answers[1]!(204)
  await eventually(async () => expect(await logs(id, '?status=success')).toHaveLength(1))
  expect(await stands()).toMatchObject({ heldUntil: punctual.clock.in(6 * 60 * MINUTE - 1_000) })
  await email()
  await parked(2)
  busy.handle = (_request, response) => void response.writeHead(204).end()
  punctual.clock.advance(1_000)
  const first = (await logs(id, '?status=pending')).at(-1)!
  expect((await ada.post(`/webhooks/${id}/logs/${first.id}/resend`)).status).toBe(202)
  await heldUntil(null)
  await delivered(3)
})
