import { beforeEach, expect, it } from 'vitest'
import { Outcomes } from '../src/webhooks/outcomes.js'
import { Parkings } from '../src/webhooks/parkings.service.js'
import { Releases } from '../src/webhooks/releases.service.js'
import { Siftings } from '../src/webhooks/siftings.service.js'
import { ada, punctual, queue, ROOM, setClaimStage, subscribe } from './support/claim-stage.js'

setClaimStage()

/** A long queue is looked through by and by for what is not wanted any more, and nothing of it goes before that. */

const MANY = 1_100
const MAIL = { from: { address: 'c@example.com' }, subject: 'S', text: 'T' }

let id: number
beforeEach(async () => {
  id = await subscribe()
})

it('drops a few at once and the others in steps, and sends only what is wanted', async () => {
  await ada.post('/emails', MAIL)
  await enqueueCopies(MANY / 2, 'email.received')
  await enqueueCopies(MANY / 2, 'email.resolved')
  punctual.clock.advance(1)
  expect((await ada.patch(`/webhooks/subscribe/${id}`, { events: ['email.resolved'] })).status).toBe(200)
  expect(await unwanted()).toBeLessThanOrEqual(500)
  await release()
  expect(await claim()).toEqual([])
  await ada.post('/emails', MAIL)
  await sift()
  const before = await unwanted()
  expect(before).toBeLessThanOrEqual(500)
  for (let step = 0; step < 3; step++) await sift()
  expect(await unwanted()).toBe(MANY / 2 + 1)
  for (let step = 0; step < 30; step++) await release()
  expect(await queued()).toEqual([{ type: 'email.resolved', count: MANY / 2 }])
  expect((await claim()).length).toBeGreaterThan(0)
})

it('goes over other webhooks’ deliveries, and leaves them alone', async () => {
  await ada.post('/emails', MAIL)
  await enqueueCopies(MANY, 'email.received')
  const other = await subscribe()
  await ada.post('/emails', MAIL)
  await ada.patch(`/webhooks/subscribe/${id}`, { events: ['sla.*'] })
  for (let step = 0; step < 4; step++) await sift()
  expect(await queued()).toEqual([])
  expect(await queued(other)).toEqual([{ type: 'email.received', count: 1 }])
})

it('drops what was in hand meanwhile and is given back', async () => {
  await ada.post('/emails', MAIL)
  const [delivery] = await claim()
  await ada.patch(`/webhooks/subscribe/${id}`, { events: ['sla.*'] })
  expect(await unwanted()).toBe(0)
  await punctual.app.get(Outcomes).giveBack(delivery!)
  expect(await unwanted()).toBe(1)
  expect(await claim()).toEqual([])
})

const claim = () => queue().claim(100, ROOM, new Map())
const sift = () => punctual.app.get(Siftings).claim()

async function release(): Promise<void> {
  await punctual.app.get(Parkings).claim()
  await punctual.app.get(Releases).claim(100)
}

const unwanted = async (): Promise<number> =>
  (
    await punctual.query(`select 1 from webhook_logs where webhook_id = $1 and error_message = 'unwanted'`, [
      id,
    ])
  ).length

const queued = (webhookId = id) =>
  punctual.query(
    `select l.event_type as type, count(*)::int as count from webhook_queue q join webhook_logs l on l.id = q.delivery_id
     where q.webhook_id = $1 group by 1`,
    [webhookId],
  )

/** As many events of that name as the newest one, and deliveries of them that are due. */
async function enqueueCopies(count: number, name: string): Promise<void> {
  const columns = await punctual.query<{ name: string }>(
    `select quote_ident(column_name) as name from information_schema.columns
     where table_name = 'events' and is_generated = 'NEVER' and is_identity = 'NO' and column_name not in ('id', 'seq', 'name')`,
  )
  const same = columns.map((column) => column.name).join(', ')
  await punctual.query(
    `with copied as (
       insert into events (id, name, ${same})
       select gen_random_uuid(), $3, ${same} from (select * from events order by seq desc limit 1) newest, generate_series(1, $2::int)
       returning id),
     logged as (
       insert into webhook_logs (webhook_id, event_id, event_type, attempts)
       select $1, id, $3, 0 from copied returning id, event_id)
     insert into webhook_queue (delivery_id, webhook_id, event_id, due_at)
     select id, $1, event_id, ${punctual.clock.sqlNow} from logged`,
    [id, count, name],
  )
}
