import { Body, Controller, HttpCode, Post, Query } from '@nestjs/common'
import { ApiBody, ApiConsumes } from '@nestjs/swagger'
import { Roles } from '../auth/auth.guard.js'
import { MIB, RawBody } from '../http/bodies.js'
import { IdParam } from '../http/id.pipe.js'
import { MayAnswer } from '../http/may-answer.decorator.js'
import { Me, type Principal } from '../http/principal.js'
import { CountryHolidaysDto, ImportQuery } from './holiday-imports.dto.js'
import { HolidayImports } from './holiday-imports.service.js'
import { ImportView } from './holiday-imports.view.js'

const CHRISTMAS =
  'BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//Holidays//EN\r\nBEGIN:VEVENT\r\nUID:1@example.com\r\n' +
  'DTSTART;VALUE=DATE:20261225\r\nRRULE:FREQ=YEARLY\r\nSUMMARY:Christmas Day\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n'

@Controller('sla/calendars/:id/holidays')
export class HolidayImportsController {
  constructor(private readonly imports: HolidayImports) {}

  /**
   * Add holidays from an iCalendar file of up to 1 MB. Events that cover whole days become holidays, recurring ones
   * from last year until five years ahead; a date that the calendar has keeps its name.
   */
  @Roles('admin', 'manager')
  @Post('ical')
  @MayAnswer(503)
  @HttpCode(200)
  @RawBody('text/calendar', MIB)
  @ApiConsumes('text/calendar')
  @ApiBody({ required: true, schema: { type: 'string' }, examples: { christmas: { value: CHRISTMAS } } })
  ical(
    @Me() me: Principal,
    @IdParam() id: number,
    @Query() query: ImportQuery,
    @Body() raw: unknown,
  ): Promise<ImportView> {
    return this.imports.fromIcal(me.tenantId, id, raw, query.dryRun)
  }

  /** Add the holidays of a country or one of its regions. Those of part of a day are skipped. */
  @Roles('admin', 'manager')
  @Post('country')
  @MayAnswer(503)
  @HttpCode(200)
  country(@Me() me: Principal, @IdParam() id: number, @Body() body: CountryHolidaysDto): Promise<ImportView> {
    return this.imports.ofCountry(me.tenantId, id, body)
  }
}
