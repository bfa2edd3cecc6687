import { Controller, Get, Query } from '@nestjs/common'
import { Roles } from '../auth/auth.guard.js'
import { IdParam } from '../http/id.pipe.js'
import { Me, type Principal } from '../http/principal.js'
import { StatisticsQuery } from './statistics.dto.js'
import { Statistics } from './statistics.service.js'
import { StatisticsView } from './statistics.view.js'

@Roles('admin')
@Controller('webhooks/:id/stats')
export class StatisticsController {
  constructor(private readonly statistics: Statistics) {}

  /** Tell how a webhook's deliveries go: how many succeed, how fast, how many wait, and what went wrong. */
  @Get()
  of(@Me() me: Principal, @IdParam() id: number, @Query() query: StatisticsQuery): Promise<StatisticsView> {
    return this.statistics.of(me.tenantId, id, query.hours)
  }
}
