import { Module } from '@nestjs/common'
import { DeliveriesDispatcher } from './deliveries.dispatcher.js'
import { EgressGuard } from './egress-guard.js'
import { OutboxListener } from './outbox.listener.js'
import { WebhookClient } from './webhook.client.js'
import { WebhooksController } from './webhooks.controller.js'
import { Webhooks } from './webhooks.service.js'

@Module({
  controllers: [WebhooksController],
  providers: [Webhooks, OutboxListener, DeliveriesDispatcher, WebhookClient, EgressGuard],
})
export class WebhooksModule {}
