import { Module } from '@nestjs/common'
import { CalendarsModule } from '../calendars/calendars.module.js'
import { EmailsModule } from '../emails/emails.module.js'
import { ClockEvents } from './clock-events.js'
import { ClockMerges } from './clock-merges.js'
import { ClockPauses } from './clock-pauses.js'
import { ClockRecomputation } from './clock-recomputation.js'
import { ClockStarts } from './clock-starts.js'
import { ClockStops } from './clock-stops.js'
import { ClocksController } from './clocks.controller.js'
import { ClocksListener } from './clocks.listener.js'
import { Clocks } from './clocks.service.js'
import { Escalations } from './escalations.service.js'
import { Explanations } from './explanations.service.js'
import { RecomputationController } from './recomputation.controller.js'
import { SimulationsController } from './simulations.controller.js'
import { Simulations } from './simulations.service.js'
import { SlaMonitor } from './sla.monitor.js'
import { SlaRecomputation } from './sla.recomputation.js'
import { SlaSettingsController } from './sla-settings.controller.js'
import { SlaSettings } from './sla-settings.service.js'

const clocks = [
  Clocks,
  ClocksListener,
  ClockStarts,
  ClockStops,
  ClockPauses,
  ClockMerges,
  ClockRecomputation,
  ClockEvents,
]
const answers = [Explanations, Simulations]
const work = [SlaMonitor, SlaRecomputation, Escalations]

@Module({
  imports: [EmailsModule, CalendarsModule],
  controllers: [SlaSettingsController, RecomputationController, ClocksController, SimulationsController],
  providers: [SlaSettings, ...clocks, ...answers, ...work],
})
export class SlaModule {}
