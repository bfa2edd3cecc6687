import { Body, Controller, HttpCode, Post } from '@nestjs/common'
import { ApiBody, ApiExtraModels, getSchemaPath } from '@nestjs/swagger'
import { Roles } from '../auth/auth.guard.js'
import { MayAnswer } from '../http/may-answer.decorator.js'
import { Me, type Principal } from '../http/principal.js'
import { SimulateDto, SIMULATIONS } from './simulation.dto.js'
import { SimulationView } from './simulation.view.js'
import { Simulations } from './simulations.service.js'

const BODY = {
  required: true,
  schema: { oneOf: SIMULATIONS.map((kind) => ({ $ref: getSchemaPath(kind) })) },
  examples: {
    'a change of a policy': { value: { settingId: 1, changes: { firstReplyMinutes: 30 } } },
    'a new policy': { value: { setting: { name: 'VIP', customerTiers: ['vip'], firstReplyMinutes: 30 } } },
    'a policy less': { value: { remove: 2 } },
    'other hours': { value: { calendarId: 1, calendar: { hours: { mon: [['09:00', '17:00']] } } } },
  },
}

@Controller('sla/simulate')
export class SimulationsController {
  constructor(private readonly simulations: Simulations) {}

  /**
   * Try out a change of policies or of a calendar. Nothing is changed: the answer tells what would become of the clocks
   * under way, and how many would warn or breach.
   */
  @Roles('admin', 'manager')
  @Post()
  @MayAnswer(404)
  @HttpCode(200)
  @ApiExtraModels(...SIMULATIONS)
  @ApiBody(BODY)
  run(@Me() me: Principal, @Body() body: SimulateDto): Promise<SimulationView> {
    return this.simulations.run(me, body)
  }
}
