import { Module } from '@nestjs/common'
import { EmailsModule } from '../emails/emails.module.js'
import { ClockEvents } from './clock-events.js'
import { ClockPauses } from './clock-pauses.js'
import { ClockRecomputation } from './clock-recomputation.js'
import { ClockStarts } from './clock-starts.js'
import { ClockStops } from './clock-stops.js'
import { ClocksController } from './clocks.controller.js'
import { ClocksListener } from './clocks.listener.js'
import { Clocks } from './clocks.service.js'
import { CompiledCalendars } from './compiled-calendars.js'
import { Escalations } from './escalations.service.js'
import { Explanations } from './explanations.service.js'
import { RecomputationController } from './recomputation.controller.js'
import { SimulationsController } from './simulations.controller.js'
import { Simulations } from './simulations.service.js'
import { SlaMonitor } from './sla.monitor.js'
import { SlaRecomputation } from './sla.recomputation.js'
import { SlaRevisions } from './sla-revisions.service.js'
import { SlaSettingsController } from './sla-settings.controller.js'
import { SlaSettings } from './sla-settings.service.js'

@Module({
  imports: [EmailsModule],
  controllers: [SlaSettingsController, RecomputationController, ClocksController, SimulationsController],
  providers: [
    ...[SlaSettings, SlaRevisions, CompiledCalendars, Clocks, Explanations, Simulations],
    ...[ClocksListener, ClockStarts, ClockStops, ClockPauses, ClockRecomputation, ClockEvents],
    ...[SlaMonitor, SlaRecomputation, Escalations],
  ],
})
export class SlaModule {}
