import { Module } from '@nestjs/common'
import { CalendarsController } from './calendars.controller.js'
import { Calendars } from './calendars.service.js'
import { CompiledCalendars } from './compiled-calendars.js'
import { HolidayImportsController } from './holiday-imports.controller.js'
import { HolidayImports } from './holiday-imports.service.js'
import { HolidayReader } from './holiday-reader.js'
import { OpeningDays } from './opening-days.service.js'
import { SlaPreviewController } from './preview.controller.js'
import { SlaRevisions } from './revisions.service.js'

@Module({
  controllers: [CalendarsController, HolidayImportsController, SlaPreviewController],
  providers: [Calendars, CompiledCalendars, OpeningDays, HolidayImports, HolidayReader, SlaRevisions],
  exports: [CompiledCalendars, SlaRevisions],
})
export class CalendarsModule {}
