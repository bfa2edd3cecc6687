import { Injectable } from '@nestjs/common'
import { idsBetween, type Timeline } from '../database/timeline.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { idCursor, toPage, type Page } from '../http/paging.js'
import { notFound } from '../http/problem.js'
import { BODY } from '../stream/event-body.js'
import type { LogsQuery } from './deliveries.dto.js'
import type { AttemptView, DeliveryDetailView, DeliveryView } from './deliveries.view.js'
import { IS_PARKED } from './parking.js'
import { Webhook } from './webhook.entity.js'

const MOST_ATTEMPTS = 100

/** A webhook's deliveries. Ids and instants go together. */
export const DELIVERIES: Timeline = { table: 'webhook_logs', owner: 'webhook_id', id: 'id', at: 'created_at' }

/** Shows deliveries and how they went. */
@Injectable()
export class Deliveries {
  constructor(private readonly work: UnitOfWork) {}

  async list(tenantId: string, webhookId: number, query: LogsQuery): Promise<Page<DeliveryView>> {
    const { limit, since, until } = query
    const before = idCursor(query.cursor)
    await this.refuseForeign(tenantId, webhookId)
    const { first, end } = await idsBetween(this.work, DELIVERIES, webhookId, since, until)
    const parameters: unknown[] = [webhookId, first, Math.min(end, before ?? end)]
    const filters: [condition: string, value: unknown][] = [
      ['l.status =', query.status],
      ['l.event_type =', query.event],
      ['l.created_at >=', since],
      ['l.created_at <', until],
      ['l.status_code =', query.statusCode],
      ['l.error_message =', query.error],
    ]
    // What failed has an error, and it is the errors that there is an index of.
    const indexed = query.status === 'failed' ? 'and l.error_message is not null' : ''
    const conditions = filters
      .filter(([, value]) => value !== undefined)
      .map(([condition, value]) => `and ${condition} $${parameters.push(value)}`)
    const rows = await this.work.query<DeliveryView>(
      `select ${DELIVERY} where l.webhook_id = $1 and l.id >= $2 and l.id < $3 ${indexed} ${conditions.join(' ')}
       order by l.id desc limit $${parameters.push(limit + 1)}`,
      parameters,
    )
    return toPage(rows, limit, ({ id }) => [id])
  }

  async read(tenantId: string, webhookId: number, id: number): Promise<DeliveryDetailView> {
    await this.refuseForeign(tenantId, webhookId)
    const [delivery] = await this.work.query<DeliveryView>(
      `select ${DELIVERY} where l.webhook_id = $1 and l.id = $2`,
      [webhookId, id],
    )
    if (!delivery) throw notFound('delivery')
    const newest = await this.work.query<AttemptView>(
      `select number, started_at as "startedAt", duration_ms as "durationMs", status_code as "statusCode", error, detail,
              response_body as "responseBody"
       from webhook_attempts where delivery_id = $1 order by number desc limit ${MOST_ATTEMPTS}`,
      [id],
    )
    return { ...delivery, attemptLog: newest.toReversed() }
  }

  private refuseForeign(tenantId: string, webhookId: number): Promise<void> {
    return this.work.run(async (tx) => {
      if (!(await tx.manager.existsBy(Webhook, { id: webhookId, userId: tenantId })))
        throw notFound('webhook')
    })
  }
}

/** SQL for a `DeliveryView`, of delivery `l`. */
const DELIVERY = `
  l.id, l.event_id as "eventId", l.event_type as "eventType", coalesce(l.payload, ${BODY}::json) as payload,
  l.status, l.status_code as "statusCode",
  l.response_body as "responseBody", l.error_message as "errorMessage", l.attempts, l.is_test as "isTest",
  l.created_at as "createdAt", l.completed_at as "completedAt",
  case when q.delivery_id is null or q.leased_until is not null then null when not ${IS_PARKED} then q.due_at
    when w.breaker <> 'open' then w.held_until end as "dueAt"
  from webhook_logs l join webhooks w on w.id = l.webhook_id left join events e on e.id = l.event_id
  left join webhook_queue q on q.delivery_id = l.id`
