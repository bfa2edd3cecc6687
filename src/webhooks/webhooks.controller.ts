import { Body, Controller, Delete, Get, HttpCode, Post, Query } from '@nestjs/common'
import { Roles } from '../auth/auth.guard.js'
import { IdParam, IdQuery } from '../http/id.pipe.js'
import { PageQuery } from '../http/paging.dto.js'
import { Me, type Principal } from '../http/principal.js'
import { LogsQuery, SubscribeDto } from './webhooks.dto.js'
import { Webhooks } from './webhooks.service.js'
import { DeliveryPage, SubscribedView, WebhookPage } from './webhooks.view.js'

@Roles('admin')
@Controller('webhooks')
export class WebhooksController {
  constructor(private readonly webhooks: Webhooks) {}

  /** Subscribe a URL to events. The answer shows the signing secret, once. */
  @Post('subscribe')
  subscribe(@Me() me: Principal, @Body() body: SubscribeDto): Promise<SubscribedView> {
    return this.webhooks.subscribe(me.tenantId, body)
  }

  /** List the subscriptions, newest first. */
  @Get('subscribe')
  list(@Me() me: Principal, @Query() query: PageQuery): Promise<WebhookPage> {
    return this.webhooks.list(me.tenantId, query)
  }

  /** Unsubscribe, by query parameter. */
  @Delete('subscribe')
  @HttpCode(204)
  unsubscribe(@Me() me: Principal, @IdQuery() id: number): Promise<void> {
    return this.webhooks.unsubscribe(me.tenantId, id)
  }

  /** Unsubscribe. */
  @Delete('subscribe/:id')
  @HttpCode(204)
  unsubscribeById(@Me() me: Principal, @IdParam() id: number): Promise<void> {
    return this.webhooks.unsubscribe(me.tenantId, id)
  }

  /** List a webhook's deliveries and how they went, newest first. */
  @Get(':id/logs')
  logs(@Me() me: Principal, @IdParam() id: number, @Query() query: LogsQuery): Promise<DeliveryPage> {
    return this.webhooks.logs(me.tenantId, id, query)
  }
}
