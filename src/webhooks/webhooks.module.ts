import { Module } from '@nestjs/common'
import { CatalogueController } from './catalogue.controller.js'
import { DeliveriesDispatcher } from './deliveries.dispatcher.js'
import { EgressGuard } from './egress-guard.js'
import { EventSamples } from './event-samples.service.js'
import { OutboxListener } from './outbox.listener.js'
import { WebhookClient } from './webhook.client.js'
import { WebhooksController } from './webhooks.controller.js'
import { Webhooks } from './webhooks.service.js'

@Module({
  controllers: [WebhooksController, CatalogueController],
  providers: [Webhooks, OutboxListener, DeliveriesDispatcher, WebhookClient, EgressGuard, EventSamples],
})
export class WebhooksModule {}
