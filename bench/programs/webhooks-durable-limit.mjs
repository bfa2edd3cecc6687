import { randomUUID } from 'node:crypto'
import { Pool } from 'pg'
import { BODY } from '../../dist/src/stream/event-body.js'
import { instant } from '../support/instant.mjs'
import { createSender } from '../support/sender.mjs'

/**
 * Posts and signs the same bodies with nothing but the writes without which no delivery is durable: a lease under a fencing
 * token, and the outcome, the attempt and the end of the queue's row under that token. No turns among webhooks, no breakers,
 * retries, secrets or settings. In the app's own tables, in batches as large as they come.
 */
const { url, origin, connections } = JSON.parse(process.argv[2])
const CLAIMED = 500
const CLAIM = `
  with due as (
    select ctid as place, event_id from webhook_queue where due_at is not null and leased_until is null
    order by webhook_id, due_at limit $1 for update skip locked),
  leased as (
    update webhook_queue q set lease_token = $2, leased_until = now() + interval '30 seconds'
    from due join lateral (select ${BODY} as body from events e where id = due.event_id offset 0) e on true
    where q.ctid = due.place
    returning q.delivery_id, q.event_id as id, (select url from webhooks w where w.id = q.webhook_id) as url, body)
  select * from leased`
const RECORD = `
  with over as (
    delete from webhook_queue where delivery_id = any($1) and lease_token = $2 returning delivery_id),
  logged as (
    update webhook_logs l set status = 'success', status_code = 204, attempts = 1, completed_at = now()
    from over where l.id = over.delivery_id)
  insert into webhook_attempts (delivery_id, number, started_at, duration_ms, status_code)
  select o.delivery_id, 1, now(), t.ms, 204
  from over o join unnest($1::bigint[], $3::integer[]) as t(id, ms) on t.id = o.delivery_id`

const token = randomUUID()
const pool = new Pool({
  connectionString: url,
  max: 4,
  options: '-c random_page_cost=1.1 -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off',
})
const run = (name, text, values) => pool.query({ name, text, values })
const deliver = createSender(origin, connections)
process.on('disconnect', () => process.exit())

const waiting = []
let claiming
let isEmpty = false
let done = []
const recording = new Set()

await Promise.all(Array.from({ length: connections }, deliverAll))
while (done.length > 0 || recording.size > 0) {
  record()
  await Promise.race(recording)
}
process.send(instant())

async function deliverAll() {
  for (;;) {
    if (waiting.length < CLAIMED && !isEmpty) claiming ??= claim()
    if (waiting.length === 0) {
      if (isEmpty) return
      await claiming
      continue
    }
    const { delivery_id: delivery, ...job } = waiting.shift()
    const startedAt = performance.now()
    await deliver({ ...job, path: new URL(job.url).pathname })
    done.push([delivery, Math.round(performance.now() - startedAt)])
    record()
  }
}

async function claim() {
  const { rows } = await run('claim', CLAIM, [CLAIMED, token])
  waiting.push(...rows)
  isEmpty = rows.length === 0
  claiming = undefined
}

function record() {
  if (done.length === 0 || recording.size === 2) return
  const batch = done
  done = []
  const values = [batch.map(([id]) => id), token, batch.map(([, ms]) => ms)]
  const written = run('record', RECORD, values)
  recording.add(written)
  void written.finally(() => {
    recording.delete(written)
    record()
  })
}
