import { Module } from '@nestjs/common'
import { EmailsModule } from '../emails/emails.module.js'
import { CalendarsController } from './calendars.controller.js'
import { Calendars } from './calendars.service.js'
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
import { HolidayImportsController } from './holiday-imports.controller.js'
import { HolidayImports } from './holiday-imports.service.js'
import { HolidayReader } from './holiday-reader.js'
import { OpeningDays } from './opening-days.service.js'
import { RecomputationController } from './recomputation.controller.js'
import { SimulationsController } from './simulations.controller.js'
import { Simulations } from './simulations.service.js'
import { SlaMonitor } from './sla.monitor.js'
import { SlaPreviewController } from './sla-preview.controller.js'
import { SlaRecomputation } from './sla.recomputation.js'
import { SlaRevisions } from './sla-revisions.service.js'
import { SlaSettingsController } from './sla-settings.controller.js'
import { SlaSettings } from './sla-settings.service.js'

const policies = [SlaSettings, SlaRevisions]
const calendars = [Calendars, CompiledCalendars, OpeningDays, HolidayImports, HolidayReader]
const clocks = [Clocks, ClocksListener, ClockStarts, ClockStops, ClockPauses, ClockRecomputation, ClockEvents]
const answers = [Explanations, Simulations]
const work = [SlaMonitor, SlaRecomputation, Escalations]

@Module({
  imports: [EmailsModule],
  controllers: [
    ...[SlaSettingsController, RecomputationController, ClocksController, SimulationsController],
    ...[CalendarsController, HolidayImportsController, SlaPreviewController],
  ],
  providers: [...policies, ...calendars, ...clocks, ...answers, ...work],
})
export class SlaModule {}
