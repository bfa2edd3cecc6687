import { Injectable } from '@nestjs/common'
import { LessThan } from 'typeorm'
import { Cipher } from '../config/cipher.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { idCursor, toPage, type Page } from '../http/paging.js'
import { notFound } from '../http/problem.js'
import { refuseMoreThan } from '../http/tenant-limit.js'
import { newSecret, verificationOf } from './signing.js'
import { sealedFor } from './webhook-secrets.js'
import { inOurWords, WebhookSettings } from './webhook-settings.js'
import { Webhook } from './webhook.entity.js'
import type { SubscribeDto } from './webhooks.dto.js'
import { viewOf, type SubscribedView, type WebhookView } from './webhooks.view.js'

/** What Slack takes of an incoming webhook. */
export const SLACK_PER_SECOND = 1
const MOST = { table: 'webhooks', name: 'webhooks', most: 100 }

@Injectable()
export class Webhooks {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cipher: Cipher,
    private readonly settings: WebhookSettings,
  ) {}

  /** @throws Problem as `WebhookSettings.columns`, 400 for input that does not say where or what, 409 for one too many */
  subscribe(tenantId: string, input: SubscribeDto): Promise<SubscribedView> {
    const { rateLimit = input.format === 'slack' ? SLACK_PER_SECOND : null, ...rest } = inOurWords(input)
    const secret = newSecret()
    return this.work.run(async (tx) => {
      const columns = await this.settings.columns(tx, tenantId, { rateLimit, ...rest })
      const sealed = this.cipher.seal(secret, sealedFor(tenantId))
      const webhook = tx.manager.create(Webhook, {
        userId: tenantId,
        secret: sealed,
        headers: {},
        ...columns,
      })
      const view = viewOf(await tx.manager.save(webhook))
      await refuseMoreThan(tx, tenantId, MOST)
      return { ...view, secret, verification: verificationOf(view.signatureKey) }
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

  read(tenantId: string, id: number): Promise<WebhookView> {
    return this.work.run(async (tx) => {
      const webhook = await tx.manager.findOneBy(Webhook, { id, userId: tenantId })
      if (!webhook) throw notFound('webhook')
      return viewOf(webhook)
    })
  }

  /** Its deliveries and their log go with it. */
  unsubscribe(tenantId: string, id: number): Promise<void> {
    return this.work.run(async (tx) => {
      const { affected } = await tx.manager.delete(Webhook, { id, userId: tenantId })
      if (!affected) throw notFound('webhook')
    })
  }
}
