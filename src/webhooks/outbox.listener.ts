import { Injectable } from '@nestjs/common'
import type { Transaction } from '../database/transaction.js'
import { isoText } from '../emails/email-facts.js'
import { EVENT_NAMES, type DomainEvent } from '../events/catalogue.js'
import { On } from '../events/on.decorator.js'

export const WEBHOOK_DELIVERIES = 'webhook-deliveries'

/** Every event becomes a delivery to each webhook that subscribed to it, in the event's own transaction. */
@Injectable()
export class OutboxListener {
  @On(...EVENT_NAMES)
  async enqueue(tx: Transaction, events: DomainEvent[]): Promise<void> {
    const now = await tx.now()
    tx.write(
      `insert into webhook_logs (webhook_id, event_id, event_type, payload, attempts, created_at, due_at)
       select w.id, e.id, e.name, (select row_to_json(body) from (
           select e.id, e.name as event, ${isoText('e.occurred_at')} as "timestamp", e.data) body), 0, $2, $2
       from events e join webhooks w on w.user_id = e.user_id and w.is_active and w.events::jsonb ? e.name
       where e.id = any($1) order by e.seq
       for key share of w -- one that is deleted at this moment is skipped, not a broken foreign key
       returning 1`,
      [events.map(({ id }) => id), now],
      (deliveries) => {
        if (deliveries.length > 0) tx.wake(WEBHOOK_DELIVERIES)
      },
    )
  }
}
