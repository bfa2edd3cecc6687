import { Controller, Get } from '@nestjs/common'
import { Me, type Principal } from '../http/principal.js'
import { SlaSettings } from './sla-settings.service.js'
import { RecomputationView } from './sla-settings.view.js'

@Controller('sla/recomputation')
export class RecomputationController {
  constructor(private readonly settings: SlaSettings) {}

  /** How far the last change of policies or calendars has come to running clocks. */
  @Get()
  read(@Me() me: Principal): Promise<RecomputationView> {
    return this.settings.recomputation(me.tenantId)
  }
}
