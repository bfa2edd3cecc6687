import type { Transaction } from '../database/transaction.js'
import { isFree } from './lease.js'
import { WEBHOOK_PARKINGS, WEBHOOK_RELEASES } from './webhook-work.js'
import type { Breaker } from './webhook.entity.js'

/**
 * SQL: what is enqueued for webhook `w` at that instant is parked, and set free by and by. A hold counts until its end,
 * whoever clears it: a process of the release before never does.
 */
export const isGoverned = (at: string) => `(
  not w.is_active or w.breaker = 'open' or w.rate_limit is not null or w.sift_after is not null
  or coalesce(w.held_until > ${at}, false))`

/** SQL: the delivery `q` of webhook `w` waits for more than its due instant. */
export const IS_PARKED = `coalesce(q.due_at < coalesce(w.parked_before, '-infinity'), true)`

const ROWS_A_STEP = 50

export interface Held {
  id: number
  tenantId: string
  url: string
  isActive: boolean
  breaker: Breaker
  failing: number
  /** People have been told of it. */
  isInOutage: boolean
}

/**
 * Holds a webhook so that nothing is enqueued for it meanwhile: who enqueues holds its key. One webhook of a tenant at a
 * time, since an alert about it is enqueued for the others.
 */
export async function holdWebhook(tx: Transaction, id: number): Promise<Held | undefined> {
  await tx.query(
    `select pg_advisory_xact_lock(hashtextextended('webhooks ' || user_id, 0)) from webhooks where id = $1`,
    [id],
  )
  const [held] = await tx.query<Held>(
    `select id, user_id as "tenantId", url, is_active as "isActive", breaker, cardinality(failing) as failing,
       outage_since is not null as "isInOutage"
     from webhooks where id = $1 for update`,
    [id],
  )
  return held
}

/**
 * Its deliveries wait until they are released, but for those that someone has in hand at this moment. What is due, however
 * much, is parked by an instant, and its rows say so little by little. Retries yet to come are mostly few: they are parked here.
 *
 * @param before SQL: what is due later than that stays, and comes no earlier
 */
export function park(tx: Transaction, webhookId: number, sqlNow: string, before = `'infinity'`): void {
  tx.write(`update webhooks set parked_before = greatest(parked_before, ${sqlNow}) where id = $1`, [
    webhookId,
  ])
  tx.write(
    `update webhook_queue set due_at = null
     where delivery_id in (
       select delivery_id from webhook_queue q join webhooks w on w.id = q.webhook_id
       where q.webhook_id = $1 and q.due_at >= w.parked_before and q.due_at < ${before} and ${isFree(sqlNow)} for update of q skip locked)`,
    [webhookId],
  )
  tx.wake(WEBHOOK_PARKINGS)
}

/**
 * SQL: some webhooks with deliveries parked by an instant, first those whose deliveries may go again. In a statement of its
 * own, so that what follows sees all that was due.
 */
export const HOLD_PARKED = `
  select id from webhooks where parked_before is not null
  order by breaker = 'draining' desc, random() limit 10 for no key update skip locked`

/** $1: webhooks that are held. A few rows at once: thousands would keep the database from what others wait for. */
export const parkSomeSql = (sqlNow: string) => `
  with left_over as (
    select q.place from webhooks w cross join lateral (
      select ctid as place from webhook_queue
      where webhook_id = w.id and due_at < w.parked_before and ${isFree(sqlNow)}
      order by due_at limit ${ROWS_A_STEP} for update skip locked) q
    where w.id = any($1)),
  parked as (update webhook_queue q set due_at = null from left_over l where q.ctid = l.place)
  update webhooks w set parked_before = null
  where id = any($1) and not exists (select from webhook_queue where webhook_id = w.id and due_at < w.parked_before)`

/** What has failed for good since its deliveries began to fail waits with the others. */
export function parkFailed(tx: Transaction, webhookId: number): void {
  tx.write(
    `with again as (
       update webhook_logs l set status = 'pending', completed_at = null
       from webhooks w where w.id = $1 and l.webhook_id = w.id and l.status = 'failed'
         and l.id >= w.failing_from and l.completed_at >= w.failing_since
         and l.error_message is distinct from 'unwanted'
       returning l.id, l.webhook_id, l.event_id, w.ordering)
     insert into webhook_queue (delivery_id, webhook_id, event_id, email_id)
     select a.id, a.webhook_id, a.event_id, e.email_id
     from again a left join events e on a.ordering = 'email' and e.id = a.event_id`,
    [webhookId],
  )
}

/**
 * What is parked goes, at the bounded rate. Not of a webhook that is inactive or whose breaker is open: theirs goes once
 * they are back. Where a release is planned already, it stays: sooner would be faster than agreed.
 */
export function drain(tx: Transaction, webhookId: number, sqlNow: string): void {
  tx.write(
    `update webhooks set breaker = 'draining', release_at = coalesce(release_at, ${sqlNow})
     where id = $1 and is_active and breaker <> 'open'`,
    [webhookId],
  )
  tx.wake(WEBHOOK_RELEASES)
}

/**
 * The hold of its receiver is over.
 * @param before it began at the latest
 */
export function goOn(
  tx: Transaction,
  webhookId: number,
  sqlNow: string,
  before: Date | string = 'infinity',
): void {
  tx.write(
    `update webhooks set held_until = null, throttled_since = null,
       release_at = case when breaker = 'open' then release_at else ${sqlNow} end
     where id = $1 and is_active and held_until is not null and coalesce(held_since <= $2, true)`,
    [webhookId, before],
  )
  tx.wake(WEBHOOK_RELEASES)
}
