import type { Transaction } from '../database/transaction.js'
import { WEBHOOK_RELEASES } from './webhook-work.js'
import type { Breaker } from './webhook.entity.js'

/** SQL: what is enqueued for webhook `w` is parked, and set free by and by. */
export const IS_GOVERNED = `(not w.is_active or w.breaker = 'open' or w.rate_limit is not null)`

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

/** Its deliveries wait until they are released, but for those that someone has in hand at this moment. */
export function park(tx: Transaction, webhookId: number): void {
  tx.write(
    `update webhook_queue set due_at = null
     where delivery_id in (
       select delivery_id from webhook_queue
       where webhook_id = $1 and due_at is not null and lease_token is null for update skip locked)`,
    [webhookId],
  )
}

/** What has failed for good since its deliveries began to fail waits with the others. */
export function parkFailed(tx: Transaction, webhookId: number): void {
  tx.write(
    `with again as (
       update webhook_logs l set status = 'pending', completed_at = null
       from webhooks w where w.id = $1 and l.webhook_id = w.id and l.status = 'failed'
         and l.id >= w.failing_from and l.completed_at >= w.failing_since
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
