import { Injectable } from '@nestjs/common'
import { LessThan } from 'typeorm'
import { Cipher } from '../config/cipher.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { EgressGuard, RefusedAddress } from '../egress/egress-guard.js'
import { idCursor, toPage, type Page } from '../http/paging.js'
import { invalid, notFound } from '../http/problem.js'
import { checkHeaders } from './custom-headers.js'
import { newSecret } from './signing.js'
import { sealedFor } from './webhook-secrets.js'
import { Webhook } from './webhook.entity.js'
import type { LogsQuery, SubscribeDto } from './webhooks.dto.js'
import type { DeliveryView, SubscribedView, WebhookView } from './webhooks.view.js'

@Injectable()
export class Webhooks {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cipher: Cipher,
    private readonly guard: EgressGuard,
  ) {}

  /** @throws Problem 400 for a URL or header that deliveries could not or must not use */
  subscribe(
    tenantId: string,
    { url, events, headers = {}, retryCount }: SubscribeDto,
  ): Promise<SubscribedView> {
    this.checkUrl(url)
    const seal = (text: string) => this.cipher.seal(text, sealedFor(tenantId))
    const sealed = Object.entries(checkHeaders(headers)).map(([name, value]) => [name, seal(value)])
    const secret = newSecret()
    return this.work.run(async (tx) => {
      const webhook = tx.manager.create(Webhook, {
        userId: tenantId,
        url,
        events,
        secret: seal(secret),
        headers: Object.fromEntries(sealed) as Record<string, string>,
        ...(retryCount !== undefined && { retryCount }),
      })
      return { ...viewOf(await tx.manager.save(webhook)), secret }
    })
  }

  list(tenantId: string, { limit, cursor }: { limit: number; cursor?: string }): Promise<Page<WebhookView>> {
    const before = idCursor(cursor)
    return this.work.run(async (tx) => {
      const webhooks = await tx.manager.find(Webhook, {
        where: { userId: tenantId, ...(before && { id: LessThan(before) }) },
        order: { id: 'DESC' },
        take: limit + 1,
      })
      return toPage(webhooks.map(viewOf), limit, ({ id }) => [id])
    })
  }

  /** Its deliveries and their log go with it. */
  unsubscribe(tenantId: string, id: number): Promise<void> {
    return this.work.run(async (tx) => {
      const { affected } = await tx.manager.delete(Webhook, { id, userId: tenantId })
      if (!affected) throw notFound('webhook')
    })
  }

  async logs(
    tenantId: string,
    id: number,
    { limit, cursor, status, event }: LogsQuery,
  ): Promise<Page<DeliveryView>> {
    const [webhook] = await this.work.query(`select 1 from webhooks where id = $1 and user_id = $2`, [
      id,
      tenantId,
    ])
    if (!webhook) throw notFound('webhook')
    const conditions = ['webhook_logs.webhook_id = $1']
    const parameters: unknown[] = [id]
    const before = idCursor(cursor)
    if (before) conditions.push(`id < $${parameters.push(before)}`)
    if (status) conditions.push(`status = $${parameters.push(status)}`)
    if (event) conditions.push(`event_type = $${parameters.push(event)}`)
    const rows = await this.work.query<DeliveryView>(
      `select id, event_id as "eventId", event_type as "eventType", payload, status, status_code as "statusCode",
              response_body as "responseBody", error_message as "errorMessage", attempts,
              created_at as "createdAt", completed_at as "completedAt", q.due_at as "dueAt"
       from webhook_logs left join webhook_queue q on q.delivery_id = id where ${conditions.join(' and ')} order by id desc limit $${parameters.push(limit + 1)}`,
      parameters,
    )
    return toPage(rows, limit, ({ id: logId }) => [logId])
  }

  private checkUrl(url: string): void {
    try {
      this.guard.checkUrl(url)
    } catch (error) {
      if (error instanceof RefusedAddress) throw invalid('url', error.message)
      throw error
    }
  }
}

/** What may be shown: the secrets may not. */
export const viewOf = (webhook: Webhook): WebhookView => ({
  id: webhook.id,
  url: webhook.url,
  events: webhook.events,
  headers: Object.keys(webhook.headers),
  format: webhook.format,
  ordering: webhook.ordering,
  priorities: webhook.priorities,
  customerTiers: webhook.customerTiers,
  mailboxIds: webhook.mailboxIds,
  rateLimit: webhook.rateLimit,
  retryCount: webhook.retryCount,
  isActive: webhook.isActive,
  inactiveSince: webhook.inactiveSince,
  inactiveBecause: webhook.inactiveBecause,
  breaker: webhook.breaker,
  outageSince: webhook.outageSince,
  lastTriggeredAt: webhook.lastTriggeredAt,
  lastStatus: webhook.lastStatus,
  lastError: webhook.lastError,
  createdAt: webhook.createdAt,
})
