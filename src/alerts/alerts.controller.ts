import { Controller, Get, HttpCode, Post, Query } from '@nestjs/common'
import { IdParam } from '../http/id.pipe.js'
import { Me, type Principal } from '../http/principal.js'
import { AlertsQuery } from './alerts.dto.js'
import { Alerts } from './alerts.service.js'
import { AlertPage, AlertView, UnreadView } from './alerts.view.js'

@Controller('alerts')
export class AlertsController {
  constructor(private readonly alerts: Alerts) {}

  /** List alerts, newest first. */
  @Get()
  list(@Me() me: Principal, @Query() query: AlertsQuery): Promise<AlertPage> {
    return this.alerts.list(me.tenantId, query)
  }

  /** Count the unread. */
  @Get('unread-count')
  unread(@Me() me: Principal): Promise<UnreadView> {
    return this.alerts.unread(me.tenantId)
  }

  /** Mark every alert as read. */
  @Post('read-all')
  @HttpCode(200)
  markAllRead(@Me() me: Principal): Promise<UnreadView> {
    return this.alerts.markAllRead(me.tenantId)
  }

  /** Mark an alert as read. */
  @Post(':id/read')
  @HttpCode(200)
  markRead(@Me() me: Principal, @IdParam() id: number): Promise<AlertView> {
    return this.alerts.markRead(me.tenantId, id)
  }
}
