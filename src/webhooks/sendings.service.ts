import { randomUUID } from 'node:crypto'
import { Injectable } from '@nestjs/common'
import { Clock } from '../database/clock.js'
import type { Transaction } from '../database/transaction.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import type { EventName } from '../events/catalogue.js'
import { conflict, notFound } from '../http/problem.js'
import type { QueuedView } from './deliveries.view.js'
import { EVENT_EXAMPLES } from './event-examples.js'
import { isFree, NO_RETRIES } from './lease.js'
import { nextInOrderSql } from './outcomes.sql.js'
import { WEBHOOK_DELIVERIES, WEBHOOK_RELEASES } from './webhook-work.js'

/** Deliveries that a person asks for. */
@Injectable()
export class Sendings {
  constructor(
    private readonly work: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  /**
   * Delivers the catalogue's example of an event, at once and once, whatever holds other deliveries back: who tests waits
   * for the answer, and tests above all what is paused or broken.
   */
  test(tenantId: string, webhookId: number, event: EventName): Promise<QueuedView> {
    return this.work.run(async (tx) => {
      await holdKey(tx, tenantId, webhookId)
      const now = await tx.now()
      const body = { ...EVENT_EXAMPLES[event], id: randomUUID(), timestamp: now.toISOString() }
      const [queued] = await tx.query<QueuedView>(
        `with logged as (
           insert into webhook_logs (webhook_id, event_id, event_type, payload, attempts, is_test, created_at)
           values ($1, $2, $3, $4, 0, true, $5) returning id, webhook_id, event_id)
         insert into webhook_queue (delivery_id, webhook_id, event_id, due_at, failures)
         select id, webhook_id, event_id, $5, ${NO_RETRIES} from logged
         returning delivery_id as id, $2::uuid as "eventId"`,
        [webhookId, body.id, event, JSON.stringify(body), now],
      )
      tx.wake(WEBHOOK_DELIVERIES)
      return queued!
    })
  }

  /**
   * Delivers once more, under the same `webhook-id` and with all retries anew, now: also where a retry waits, where the
   * receiver has asked for time or where the breaker is open, for whoever asks has mended something. Only a rate limit has it
   * wait for its turn. It does not wait for other events of its email, nor do they for it: it is out of their order in any case.
   *
   * @throws Problem 409 while an attempt is under way, or while the webhook is not active
   */
  resend(tenantId: string, webhookId: number, id: number): Promise<QueuedView> {
    const { sqlNow } = this.clock
    return this.work.run(async (tx) => {
      const { isActive, isPaced } = await holdForResend(tx, tenantId, webhookId, sqlNow)
      const [delivery] = await tx.query<{ eventId: string }>(
        `select event_id as "eventId" from webhook_logs where id = $1 and webhook_id = $2 for update`,
        [id, webhookId],
      )
      if (!delivery) throw notFound('delivery')
      const [waiting] = await tx.query<{ isFree: boolean; emailId: number | null }>(
        `select ${isFree(sqlNow)} as "isFree", email_id as "emailId" from webhook_queue where delivery_id = $1 for update`,
        [id],
      )
      if (waiting && !waiting.isFree)
        throw conflict('delivery_pending', 'An attempt at this delivery is under way')
      if (!isActive) throw inactive()
      tx.write(`update webhook_logs set status = 'pending', completed_at = null where id = $1`, [id])
      tx.write(
        `insert into webhook_queue (delivery_id, webhook_id, event_id, due_at)
         values ($1, $2, $3, case when not $4 then ${sqlNow} end)
         on conflict (delivery_id) do update
         set due_at = excluded.due_at, failures = 0, email_id = null, lease_token = null, leased_until = null`,
        [id, webhookId, delivery.eventId, isPaced],
      )
      if (waiting?.emailId) tx.write(nextInOrderSql(sqlNow), [[webhookId], [waiting.emailId]])
      tx.wake(isPaced ? WEBHOOK_RELEASES : WEBHOOK_DELIVERIES)
      return { id, ...delivery }
    })
  }
}

/** What would be queued now could expire before the webhook is resumed. */
export const inactive = () =>
  conflict(
    'webhook_inactive',
    'This webhook is not active; resume it first: what waits for it goes with that',
  )

/** As whoever enqueues: the webhook's governance does not change, and the webhook does not go, until the commit. */
export async function holdKey(tx: Transaction, tenantId: string, id: number): Promise<{ isActive: boolean }> {
  const [held] = await tx.query<{ isActive: boolean }>(
    `select is_active as "isActive" from webhooks where id = $1 and user_id = $2 for key share`,
    [id, tenantId],
  )
  if (!held) throw notFound('webhook')
  return held
}

/** As whoever records outcomes: no delivery of the webhook ends, waits anew or is parked meanwhile. */
async function holdForResend(
  tx: Transaction,
  tenantId: string,
  id: number,
  sqlNow: string,
): Promise<{ isActive: boolean; isPaced: boolean }> {
  const [held] = await tx.query<{ isActive: boolean; isPaced: boolean }>(
    `select is_active as "isActive",
       rate_limit is not null and breaker <> 'open' and coalesce(held_until <= ${sqlNow}, true) as "isPaced"
     from webhooks where id = $1 and user_id = $2 for no key update`,
    [id, tenantId],
  )
  if (!held) throw notFound('webhook')
  return held
}
