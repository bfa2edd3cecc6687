import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Query } from '@nestjs/common'
import { ApiBody } from '@nestjs/swagger'
import { Roles } from '../auth/auth.guard.js'
import { IdParam, IdQuery } from '../http/id.pipe.js'
import { MayAnswer } from '../http/may-answer.decorator.js'
import { NeedsOneOf } from '../http/needs-one-of.decorator.js'
import { PageQuery } from '../http/paging.dto.js'
import { Me, type Principal } from '../http/principal.js'
import { WebhookChanges } from './webhook-changes.service.js'
import { ChangeWebhookDto, SubscribeDto } from './webhooks.dto.js'
import { Webhooks } from './webhooks.service.js'
import { SubscribedView, WebhookPage, WebhookView } from './webhooks.view.js'

const ALL_OF_EMAIL = { url: 'https://example.com/hooks/punctual', events: ['email.*'] }
const AS_ZAPIER = { target_url: 'https://example.com/hooks/zapier', event: 'email.received' }

@Roles('admin')
@Controller('webhooks')
export class WebhooksController {
  constructor(
    private readonly webhooks: Webhooks,
    private readonly changes: WebhookChanges,
  ) {}

  /**
   * Subscribe a URL to events. The answer shows the signing secret and how deliveries are verified with it. `url` and `events`, or `target_url` and `event` as
   * Zapier's REST hooks say it: one of each is needed.
   */
  @Post('subscribe')
  @NeedsOneOf(['url', 'events'], ['target_url', 'event'], ['url', 'event'], ['target_url', 'events'])
  @ApiBody({
    type: SubscribeDto,
    examples: {
      'for all that happens to email': { value: ALL_OF_EMAIL },
      'as Zapier says it': { value: AS_ZAPIER },
    },
  })
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

  /** Read a subscription. */
  @Get([':id', 'subscribe/:id'])
  read(@Me() me: Principal, @IdParam() id: number): Promise<WebhookView> {
    return this.webhooks.read(me.tenantId, id)
  }

  /**
   * Change a subscription. `headers` and `filter` replace those there are. What waits is delivered by the new settings, and ends
   * as `unwanted` where they do not want it any more; a rate limit governs what comes from now on, and what waits for one goes once it is removed.
   */
  @MayAnswer(422)
  @Patch([':id', 'subscribe/:id'])
  change(@Me() me: Principal, @IdParam() id: number, @Body() body: ChangeWebhookDto): Promise<WebhookView> {
    return this.changes.change(me.tenantId, id, body)
  }

  /** Unsubscribe. */
  @Delete([':id', 'subscribe/:id'])
  @HttpCode(204)
  unsubscribeById(@Me() me: Principal, @IdParam() id: number): Promise<void> {
    return this.webhooks.unsubscribe(me.tenantId, id)
  }

  /** Stop deliveries. What happens meanwhile is kept for 14 days. */
  @Post(':id/pause')
  @HttpCode(200)
  pause(@Me() me: Principal, @IdParam() id: number): Promise<WebhookView> {
    return this.changes.pause(me.tenantId, id)
  }

  /** Go on, also where deliveries stopped because the receiver was gone or failed for days. What waited is delivered. */
  @Post(':id/resume')
  @HttpCode(200)
  resume(@Me() me: Principal, @IdParam() id: number): Promise<WebhookView> {
    return this.changes.resume(me.tenantId, id)
  }
}
