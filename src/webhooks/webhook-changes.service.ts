import { Injectable } from '@nestjs/common'
import { Clock } from '../database/clock.js'
import type { Transaction } from '../database/transaction.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { notFound } from '../http/problem.js'
import { dropOrder, keepOrder } from './email-order.js'
import { drain, goOn, holdWebhook, park } from './parking.js'
import { dropUnwanted } from './unwanted.js'
import { WebhookSettings } from './webhook-settings.js'
import { Webhook } from './webhook.entity.js'
import type { ChangeWebhookDto } from './webhooks.dto.js'
import { SLACK_PER_SECOND } from './webhooks.service.js'
import { viewOf, type WebhookView } from './webhooks.view.js'

/** Changes webhooks to which deliveries are under way, each while nothing is enqueued for it. */
@Injectable()
export class WebhookChanges {
  constructor(
    private readonly work: UnitOfWork,
    private readonly clock: Clock,
    private readonly settings: WebhookSettings,
  ) {}

  /** What waits is delivered by the new settings, as far as they want it. @throws Problem as `WebhookSettings.columns` */
  change(tenantId: string, id: number, input: ChangeWebhookDto): Promise<WebhookView> {
    return this.carryOut(tenantId, id, async (tx, before) => {
      const becomesSlack = input.format === 'slack' && before.format !== 'slack'
      const columns = await this.settings.columns(tx, tenantId, {
        ...(becomesSlack && { rateLimit: before.rateLimit ?? SLACK_PER_SECOND }),
        ...input,
      })
      // The version of what workers keep in memory: one more never hurts.
      await tx.manager.update(Webhook, { id }, { ...columns, version: before.version + 1 })
      const { ordering = before.ordering, rateLimit = before.rateLimit } = columns
      const losesOrder = ordering === 'none' && before.ordering === 'email'
      const losesLimit = rateLimit === null && before.rateLimit !== null
      if (ordering === 'email' && before.ordering === 'none') keepOrder(tx, id, this.clock.sqlNow)
      if (losesOrder) dropOrder(tx, id)
      if (losesOrder || losesLimit) drain(tx, id, this.clock.sqlNow)
      if (input.events || input.filter !== undefined) await dropUnwanted(tx, id, this.clock.sqlNow)
      // It was another receiver that asked for time.
      if (before.heldUntil && columns.url && columns.url !== before.url) goOn(tx, id, this.clock.sqlNow)
    })
  }

  /** Its deliveries wait. What a worker has in hand at this moment still goes out. */
  pause(tenantId: string, id: number): Promise<WebhookView> {
    return this.carryOut(tenantId, id, (tx, { isActive }) => {
      if (!isActive) return
      park(tx, id, this.clock.sqlNow)
      tx.write(
        `update webhooks set is_active = false, inactive_since = ${this.clock.sqlNow}, inactive_because = 'paused',
           breaker = 'closed', release_at = null, failing = '{}', failing_since = null, failing_from = null,
           outage_since = null, held_until = null, throttled_since = null
         where id = $1`,
        [id],
      )
    })
  }

  /** What waited goes at a bounded rate, also where it was not a person who stopped it. */
  resume(tenantId: string, id: number): Promise<WebhookView> {
    return this.carryOut(tenantId, id, (tx, { isActive }) => {
      if (isActive) return
      tx.write(
        `update webhooks set is_active = true, inactive_since = null, inactive_because = null where id = $1`,
        [id],
      )
      drain(tx, id, this.clock.sqlNow)
    })
  }

  private carryOut(
    tenantId: string,
    id: number,
    change: (tx: Transaction, before: Webhook) => Promise<void> | void,
  ): Promise<WebhookView> {
    return this.work.run(async (tx) => {
      // Whose it is, before anything is held: a stranger's question must not make the owner's events wait.
      if (!(await tx.manager.existsBy(Webhook, { id, userId: tenantId }))) throw notFound('webhook')
      await holdWebhook(tx, id)
      const before = await tx.manager.findOneBy(Webhook, { id })
      if (!before) throw notFound('webhook') // it went while we waited
      await change(tx, before)
      return viewOf(await tx.manager.findOneByOrFail(Webhook, { id }))
    })
  }
}
