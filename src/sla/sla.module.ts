import { Module } from '@nestjs/common'
import { CalendarsController } from './calendars.controller.js'
import { Calendars } from './calendars.service.js'
import { ClockEvents } from './clock-events.js'
import { ClocksListener } from './clocks.listener.js'
import { Clocks } from './clocks.service.js'
import { HolidayImportsController } from './holiday-imports.controller.js'
import { HolidayImports } from './holiday-imports.service.js'
import { HolidayReader } from './holiday-reader.js'
import { OpeningDays } from './opening-days.service.js'
import { SlaMonitor } from './sla.monitor.js'
import { SlaPreviewController } from './sla-preview.controller.js'
import { SlaRevisions } from './sla-revisions.service.js'
import { SlaSettingsController } from './sla-settings.controller.js'
import { SlaSettings } from './sla-settings.service.js'

@Module({
  controllers: [SlaSettingsController, CalendarsController, HolidayImportsController, SlaPreviewController],
  providers: [
    ...[SlaSettings, SlaRevisions, Clocks, ClockEvents, ClocksListener, SlaMonitor],
    ...[Calendars, OpeningDays, HolidayImports, HolidayReader],
  ],
})
export class SlaModule {}
