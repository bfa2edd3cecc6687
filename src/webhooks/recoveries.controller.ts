import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common'
import { ApiBody } from '@nestjs/swagger'
import { Roles } from '../auth/auth.guard.js'
import { IdParam } from '../http/id.pipe.js'
import { PageQuery } from '../http/paging.dto.js'
import { Me, type Principal } from '../http/principal.js'
import { RecoverDto } from './recoveries.dto.js'
import { Recoveries } from './recoveries.service.js'
import { RecoveryPage, RecoveryView } from './recoveries.view.js'

@Roles('admin')
@Controller('webhooks/:id')
export class RecoveriesController {
  constructor(private readonly recoveries: Recoveries) {}

  /**
   * Deliver what failed or was missed in a time. It goes on by itself, one at a time for each webhook; what it finds is
   * delivered at a bounded rate.
   */
  @Post('recover')
  @ApiBody({
    type: RecoverDto,
    examples: { 'what failed': { value: { status: 'failed', events: ['email.*'] } } },
  })
  @HttpCode(202)
  recover(@Me() me: Principal, @IdParam() id: number, @Body() body: RecoverDto): Promise<RecoveryView> {
    return this.recoveries.recover(me.tenantId, id, body)
  }

  /** List a webhook's recoveries, newest first. */
  @Get('recoveries')
  list(@Me() me: Principal, @IdParam() id: number, @Query() query: PageQuery): Promise<RecoveryPage> {
    return this.recoveries.list(me.tenantId, id, query)
  }

  /** Read how far a recovery has come. */
  @Get('recoveries/:recoveryId')
  read(
    @Me() me: Principal,
    @IdParam() id: number,
    @IdParam('recoveryId') recoveryId: number,
  ): Promise<RecoveryView> {
    return this.recoveries.read(me.tenantId, id, recoveryId)
  }

  /** Stop a recovery. What it has queued so far is delivered. */
  @Post('recoveries/:recoveryId/cancel')
  @HttpCode(200)
  cancel(
    @Me() me: Principal,
    @IdParam() id: number,
    @IdParam('recoveryId') recoveryId: number,
  ): Promise<RecoveryView> {
    return this.recoveries.cancel(me.tenantId, id, recoveryId)
  }
}
