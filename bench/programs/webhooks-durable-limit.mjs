import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Pool } from 'pg'
import { arrayOf } from '../../dist/src/database/sql-array.js'
import { BODY } from '../../dist/src/stream/event-body.js'
import { instant } from '../support/instant.mjs'
import { createSender } from '../support/sender.mjs'

/**
 * Posts and signs the same bodies with nothing but the writes without which no delivery is durable and accounted for: a lease
 * under a fencing token; and, under that token, the end of the queue's row, the delivery's outcome and its attempt. No turns
 * among webhooks, no breakers, retries, secrets, settings or deadlines. In the app's own tables, by the cheapest statements
 * known for it, which also are not the app's: a claim begins where the last one ended, as if there were no other worker.
 */
const { url, origin, connections } = JSON.parse(process.argv[2])
const CLAIMED = 1_000
const RECORD_APART_MS = 50
/** A row a webhook, and one an event with its body. $1: how many, $2: the token, $3: after this delivery. */
const CLAIM = `
  with due as (
    select ctid as place from webhook_queue
    where delivery_id > $3 and due_at is not null and leased_until is null
    order by delivery_id limit $1 for update skip locked),
  leased as (
    update webhook_queue q set lease_token = $2, leased_until = now() + interval '30 seconds'
    from due where q.ctid = due.place returning q.delivery_id as id, q.event_id, q.webhook_id)
  select (select url from webhooks where id = webhook_id) as url, max(id) as last,
    '[' || string_agg('[' || id || ',"' || event_id || '"]', ',') || ']' as deliveries, null as event_id, null as body
  from leased group by webhook_id
  union all
  select null, null, null, event_id, (select ${BODY} from events e where id = event_id)
  from (select distinct event_id from leased) one`
const LET_GO = `delete from webhook_queue where delivery_id = any($1::bigint[]) and lease_token = $2`
const LOG = `
  with logged as (
    update webhook_logs l set status = 'success', status_code = 204, attempts = l.attempts + 1, completed_at = now()
    from unnest($1::bigint[], $2::float8[], $3::integer[]) as o(id, started_ms, duration_ms) where l.id = o.id
    returning l.id, l.attempts, to_timestamp(o.started_ms / 1000), o.duration_ms, 204)
  insert into webhook_attempts (delivery_id, number, started_at, duration_ms, status_code) select * from logged`

const token = randomUUID()
const pool = new Pool({
  connectionString: url,
  max: 4,
  pipeline: true,
  options: '-c random_page_cost=1.1 -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off',
})
const deliver = createSender(origin, connections)
process.on('disconnect', () => process.exit())

const inHand = []
const done = []
let last = 0
let claiming
let isEmpty = false

const over = Promise.all(Array.from({ length: connections }, deliverAll)).then(() => true)
while (!(await Promise.race([over, sleep(RECORD_APART_MS)]))) await record()
await record()
process.send(instant())

async function deliverAll() {
  for (;;) {
    if (inHand.length < CLAIMED && !isEmpty) claiming ??= claim()
    const next = inHand.pop()
    if (next) {
      const startedAt = Date.now()
      await deliver(next)
      done.push([next.delivery, startedAt, Date.now() - startedAt])
    } else if (isEmpty) return
    else await claiming
  }
}

async function claim() {
  const { rows } = await pool.query({ name: 'claim', text: CLAIM, values: [CLAIMED, token, last] })
  const bodies = new Map(rows.map((row) => [row.event_id, row.body]))
  for (const row of rows.filter(({ deliveries }) => deliveries !== null)) {
    const { pathname: path } = new URL(row.url)
    last = Math.max(last, Number(row.last))
    for (const [delivery, id] of JSON.parse(row.deliveries))
      inHand.push({ delivery, id, path, body: bodies.get(id) })
  }
  isEmpty = rows.length === 0
  claiming = undefined
}

async function record() {
  const batch = done.splice(0)
  if (batch.length === 0) return
  const [ids, startedMs, durationMs] = [0, 1, 2].map((column) => arrayOf(batch.map((row) => row[column])))
  const client = await pool.connect()
  try {
    const statements = [
      'begin',
      { name: 'let go', text: LET_GO, values: [ids, token] },
      { name: 'log', text: LOG, values: [ids, startedMs, durationMs] },
      'commit',
    ]
    for (const result of await Promise.all(statements.map((statement) => client.query(statement))))
      if (result.command === 'DELETE' && result.rowCount !== batch.length)
        throw new Error('Not ours any more')
  } finally {
    client.release()
  }
}
