import type { Transaction } from '../database/transaction.js'
import { isFree } from './lease.js'
import { nextInOrderSql } from './outcomes.sql.js'
import { park } from './parking.js'
import { PATTERNS } from './recovery.sql.js'
import { WANTS } from './wanted-events.js'
import { WEBHOOK_SIFTINGS } from './webhook-work.js'

/** So many deliveries end at once, and no more: events of the tenant wait meanwhile. */
const FEW = 500
/** Rows of the queue, of all webhooks, that are gone over for them. */
const PAGE = 5_000

/**
 * Ends what waits for a webhook that is held and does not want it any more, whether or not it was tried before. A long queue
 * waits until `Siftings` has looked it through. What somebody has in hand at this moment goes out, but is not tried again.
 */
export async function dropUnwanted(tx: Transaction, webhookId: number, sqlNow: string): Promise<void> {
  const waiting = await tx.query<{ id: number }>(
    `select delivery_id as id from webhook_queue where webhook_id = $1 limit ${FEW + 1}`,
    [webhookId],
  )
  const ids = waiting.map(({ id }) => id)
  if (ids.length <= FEW) return dropThoseUnwanted(tx, ids, sqlNow)
  park(tx, webhookId, sqlNow)
  tx.write('update webhooks set sift_after = 0 where id = $1', [webhookId])
  tx.wake(WEBHOOK_SIFTINGS)
}

/** Of these deliveries; their webhooks are held. */
export async function dropThoseUnwanted(
  tx: Transaction,
  ids: (number | string)[],
  sqlNow: string,
): Promise<void> {
  if (ids.length === 0) return
  const dropped = await tx.query<{ webhookId: number; emailId: number | null }>(dropSql(sqlNow), [
    ids,
    PATTERNS,
  ])
  const ordered = dropped.filter(({ emailId }) => emailId !== null)
  if (ordered.length === 0) return
  const places = [ordered.map(({ webhookId }) => webhookId), ordered.map(({ emailId }) => emailId)]
  tx.write(nextInOrderSql(sqlNow), places)
}

/** $1: deliveries, $2: `PATTERNS`. Samples are about no event that is stored, and stay. */
const dropSql = (sqlNow: string) => `
  with unwanted as materialized (
    select q.delivery_id from webhook_queue q
    join webhooks w on w.id = q.webhook_id
    -- Each by its key: a plan that is kept might read all events.
    cross join lateral (select * from events where id = q.event_id offset 0) e
    join lateral (
      select p.patterns, (e.data #>> '{alert,webhookId}')::bigint as about
      from json_to_recordset($2) as p(name text, patterns text[]) where p.name = e.name) wanted on true
    where q.delivery_id = any($1::bigint[]) and ${isFree(sqlNow)} and (${WANTS}) is not true
    for update of q skip locked),
  over as (
    delete from webhook_queue q using unwanted u where q.delivery_id = u.delivery_id
    returning q.delivery_id, q.webhook_id, q.email_id)
  update webhook_logs l set status = 'failed', error_message = 'unwanted', completed_at = ${sqlNow}
  from over where l.id = over.delivery_id
  returning over.webhook_id as "webhookId", over.email_id as "emailId"`

/** SQL: a webhook whose queue is to be looked through, in a statement of its own: what follows sees all that was queued. */
export const HOLD_SIFTED = `
  select id, sift_after as after from webhooks where sift_after is not null
  order by random() limit 1 for no key update skip locked`

/** $1: webhook, $2: after which delivery. In the order of keys, which every queue has; what came later was wanted when it came. */
export const SIFT = `
  with page as materialized (
    select delivery_id as id, webhook_id from webhook_queue where delivery_id > $2 order by delivery_id limit ${PAGE}),
  own as materialized (select id from page where webhook_id = $1 order by id limit ${FEW})
  select case when (select count(*) from own) = ${FEW} then (select max(id) from own)
              when (select count(*) from page) = ${PAGE} then (select max(id) from page) end as last,
    array(select id from own) as ids`
