import type { Transaction } from '../database/transaction.js'
import { isFree } from './lease.js'

/**
 * From now on the events of each email go one after another, what waits already included: of each email the first one
 * goes on, and the others wait for it. What is in hand at this moment was sent side by side, and holds up the rest.
 */
export function keepOrder(tx: Transaction, webhookId: number, sqlNow: string): void {
  tx.write(
    `update webhook_queue q set email_id = e.email_id
     from webhook_logs l join events e on e.id = l.event_id
     where q.webhook_id = $1 and l.id = q.delivery_id and e.email_id is not null`,
    [webhookId],
  )
  tx.write(
    `update webhook_queue q set due_at = null
     where q.webhook_id = $1 and q.due_at is not null and ${isFree(sqlNow)} and exists (
       select from webhook_queue before where before.webhook_id = q.webhook_id and before.email_id = q.email_id
         and before.delivery_id < q.delivery_id)`,
    [webhookId],
  )
}

/** Nothing waits for another event any more. What did is parked still. */
export function dropOrder(tx: Transaction, webhookId: number): void {
  tx.write(`update webhook_queue set email_id = null where webhook_id = $1 and email_id is not null`, [
    webhookId,
  ])
}
