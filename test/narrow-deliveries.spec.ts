import { afterAll, beforeAll, expect, it } from 'vitest'
import { earlierDatabase } from './support/earlier-database.js'

let database: Awaited<ReturnType<typeof earlierDatabase>>
beforeAll(async () => {
  database = await earlierDatabase(6)
})
afterAll(() => database.drop())

it('keeps what waits, what is leased and what was said in a database from before', async () => {
  const { before, after, tenantId } = database
  const [{ id }] = await before.query(
    `insert into webhooks (user_id, url, events, secret) values ($1, 'https://example.com', '["*"]', 'none') returning id`,
    [tenantId],
  )
  await before.query(
    `with logged as (
       insert into webhook_logs (webhook_id, event_id, event_type, payload, attempts)
       select $1, md5(n::text)::uuid, 'email.received', json_build_object('n', n), 0 from generate_series(1, 3) n
       returning id, webhook_id, (payload ->> 'n')::integer as n),
     tried as (
       insert into webhook_attempts (delivery_id, number, started_at, duration_ms) select id, 1, now(), 1 from logged)
     insert into webhook_queue (delivery_id, webhook_id, due_at, lease_token)
     select id, webhook_id, case n when 1 then timestamptz '2026-03-02T09:00:00Z' when 2 then '2026-03-02T09:00:30Z' end,
       case n when 2 then gen_random_uuid() end from logged`,
    [id],
  )

  await database.migrate()

  const waiting = () =>
    after.query(
      `select l.payload ->> 'n' as n, q.event_id = md5(l.payload ->> 'n')::uuid as known, q.leased_until as until
       from webhook_queue q join webhook_logs l on l.id = q.delivery_id order by 1`,
    )
  expect(await waiting()).toEqual([
    { n: '1', known: true, until: null },
    { n: '2', known: true, until: new Date('2026-03-02T09:00:30Z') },
    { n: '3', known: true, until: null },
  ])
  await after.query('delete from webhooks')
  const [left] = await after.query(
    'select (select count(*) from webhook_queue) as queue, (select count(*) from webhook_attempts) as attempts',
  )
  expect(left).toEqual({ queue: 0, attempts: 0 })
})
