import { randomUUID } from 'node:crypto'
import { Injectable } from '@nestjs/common'
import { Clock } from '../database/clock.js'
import type { Transaction } from '../database/transaction.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import type { EventName } from '../events/catalogue.js'
import { conflict, notFound } from '../http/problem.js'
import type { QueuedView } from './deliveries.view.js'
import { EVENT_EXAMPLES } from './event-examples.js'
import { IS_GOVERNED } from './parking.js'
import type { DeliveryStatus } from './webhook-log.entity.js'
import { WEBHOOK_DELIVERIES, WEBHOOK_RELEASES } from './webhook-work.js'

/** As many failures as a webhook can allow: there is no retry. */
const NO_RETRIES = 20

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
   * Delivers once more, under the same `webhook-id` and with all retries anew. It does not wait for other events of its
   * email, nor do they for it: it is out of their order in any case.
   *
   * @throws Problem 409 while it is pending, or while the webhook is not active
   */
  resend(tenantId: string, webhookId: number, id: number): Promise<QueuedView> {
    return this.work.run(async (tx) => {
      const { isActive, isGoverned } = await holdKey(tx, tenantId, webhookId)
      const [delivery] = await tx.query<{ eventId: string; status: DeliveryStatus }>(
        `select event_id as "eventId", status from webhook_logs where id = $1 and webhook_id = $2 for update`,
        [id, webhookId],
      )
      if (!delivery) throw notFound('delivery')
      if (delivery.status === 'pending')
        throw conflict('delivery_pending', 'This delivery is still under way')
      if (!isActive) throw inactive()
      tx.write(`update webhook_logs set status = 'pending', completed_at = null where id = $1`, [id])
      tx.write(
        `insert into webhook_queue (delivery_id, webhook_id, event_id, due_at)
         values ($1, $2, $3, case when not $4 then ${this.clock.sqlNow} end)`,
        [id, webhookId, delivery.eventId, isGoverned],
      )
      tx.wake(isGoverned ? WEBHOOK_RELEASES : WEBHOOK_DELIVERIES)
      return { id, eventId: delivery.eventId }
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
export async function holdKey(tx: Transaction, tenantId: string, id: number): Promise<HeldByKey> {
  const [held] = await tx.query<HeldByKey>(
    `select w.is_active as "isActive", ${IS_GOVERNED} as "isGoverned"
     from webhooks w where id = $1 and user_id = $2 for key share`,
    [id, tenantId],
  )
  if (!held) throw notFound('webhook')
  return held
}

interface HeldByKey {
  isActive: boolean
  isGoverned: boolean
}
