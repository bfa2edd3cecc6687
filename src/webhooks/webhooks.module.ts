import { Module } from '@nestjs/common'
import { AlertsModule } from '../alerts/alerts.module.js'
import { EgressModule } from '../egress/egress.module.js'
import { CatalogueController } from './catalogue.controller.js'
import { DeliveriesController } from './deliveries.controller.js'
import { DeliveriesDispatcher } from './deliveries.dispatcher.js'
import { Deliveries } from './deliveries.service.js'
import { DeliveryQueue } from './delivery-queue.js'
import { EventBodies } from './event-bodies.js'
import { EventSamples } from './event-samples.service.js'
import { OutboxListener } from './outbox.listener.js'
import { Outages } from './outages.service.js'
import { Outcomes } from './outcomes.js'
import { Parkings } from './parkings.service.js'
import { RecoveriesController } from './recoveries.controller.js'
import { RecoveriesRunner } from './recoveries.runner.js'
import { Recoveries } from './recoveries.service.js'
import { Receivers } from './receivers.js'
import { Releases } from './releases.service.js'
import { Retention } from './retention.service.js'
import { Jitter, RetrySchedule } from './retry-schedule.js'
import { Sendings } from './sendings.service.js'
import { Siftings } from './siftings.service.js'
import { StatisticsController } from './statistics.controller.js'
import { Statistics } from './statistics.service.js'
import { WebhookChanges } from './webhook-changes.service.js'
import { WebhookSecretsController } from './webhook-secrets.controller.js'
import { WebhookSecrets } from './webhook-secrets.service.js'
import { WebhookSettings } from './webhook-settings.js'
import { WebhookClient } from './webhook.client.js'
import { WebhooksController } from './webhooks.controller.js'
import { Webhooks } from './webhooks.service.js'

const sending = [DeliveriesDispatcher, DeliveryQueue, EventBodies, Receivers, WebhookClient]
const recording = [Outcomes, RetrySchedule, Jitter, Outages, Parkings, Siftings, Releases]
const looking = [EventSamples, Deliveries, Statistics]
const recovering = [Recoveries, RecoveriesRunner, Retention]
const managing = [
  Webhooks,
  WebhookSettings,
  WebhookChanges,
  WebhookSecrets,
  EventSamples,
  Deliveries,
  Sendings,
]

@Module({
  imports: [AlertsModule, EgressModule],
  controllers: [
    CatalogueController,
    WebhooksController,
    WebhookSecretsController,
    DeliveriesController,
    StatisticsController,
    RecoveriesController,
  ],
  providers: [...managing, ...looking, ...recovering, OutboxListener, ...sending, ...recording],
})
export class WebhooksModule {}
