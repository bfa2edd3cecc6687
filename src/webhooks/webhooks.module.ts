import { Module } from '@nestjs/common'
import { EgressModule } from '../egress/egress.module.js'
import { DeliveriesDispatcher } from './deliveries.dispatcher.js'
import { OutboxListener } from './outbox.listener.js'
import { WebhookClient } from './webhook.client.js'
import { WebhooksController } from './webhooks.controller.js'
import { Webhooks } from './webhooks.service.js'

@Module({
  imports: [EgressModule],
  controllers: [WebhooksController],
  providers: [Webhooks, OutboxListener, DeliveriesDispatcher, WebhookClient],
})
export class WebhooksModule {}
