import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common'
import { Roles } from '../auth/auth.guard.js'
import { IdParam } from '../http/id.pipe.js'
import { Me, type Principal } from '../http/principal.js'
import { LogsQuery, TestDto } from './deliveries.dto.js'
import { Deliveries } from './deliveries.service.js'
import { DeliveryDetailView, DeliveryPage, QueuedView } from './deliveries.view.js'
import { Sendings } from './sendings.service.js'

@Roles('admin')
@Controller('webhooks/:id')
export class DeliveriesController {
  constructor(
    private readonly deliveries: Deliveries,
    private readonly sendings: Sendings,
  ) {}

  /** List a webhook's deliveries and how they went, newest first. */
  @Get('logs')
  list(@Me() me: Principal, @IdParam() id: number, @Query() query: LogsQuery): Promise<DeliveryPage> {
    return this.deliveries.list(me.tenantId, id, query)
  }

  /** Read a delivery with all its attempts. */
  @Get('logs/:logId')
  read(
    @Me() me: Principal,
    @IdParam() id: number,
    @IdParam('logId') logId: number,
  ): Promise<DeliveryDetailView> {
    return this.deliveries.read(me.tenantId, id, logId)
  }

  /**
   * Deliver once more, now, with the same `webhook-id` and all retries anew, also where a retry waits. 409 while an attempt is
   * under way.
   */
  @Post('logs/:logId/resend')
  @HttpCode(202)
  resend(@Me() me: Principal, @IdParam() id: number, @IdParam('logId') logId: number): Promise<QueuedView> {
    return this.sendings.resend(me.tenantId, id, logId)
  }

  /** Deliver a signed sample of an event, once and at once, also to a webhook that is paused. */
  @Post('test')
  @HttpCode(202)
  test(@Me() me: Principal, @IdParam() id: number, @Body() body: TestDto): Promise<QueuedView> {
    return this.sendings.test(me.tenantId, id, body.event)
  }
}
