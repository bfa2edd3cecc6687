import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Query } from '@nestjs/common'
import { Roles } from '../auth/auth.guard.js'
import { IdParam } from '../http/id.pipe.js'
import { MayAnswer } from '../http/may-answer.decorator.js'
import { PageQuery } from '../http/paging.dto.js'
import { Me, type Principal } from '../http/principal.js'
import { ChangeCalendarDto, CreateCalendarDto, OpenHoursQuery } from './calendars.dto.js'
import { Calendars } from './calendars.service.js'
import { CalendarPage, CalendarView, OpenHoursView } from './calendars.view.js'
import { OpeningDays } from './opening-days.service.js'

@Controller('sla/calendars')
export class CalendarsController {
  constructor(
    private readonly calendars: Calendars,
    private readonly days: OpeningDays,
  ) {}

  /** List the calendars of business hours, newest first. */
  @Get()
  list(@Me() me: Principal, @Query() query: PageQuery): Promise<CalendarPage> {
    return this.calendars.list(me.tenantId, query)
  }

  /** Add a calendar of business hours. */
  @Roles('admin', 'manager')
  @Post()
  create(@Me() me: Principal, @Body() body: CreateCalendarDto): Promise<CalendarView> {
    return this.calendars.create(me.tenantId, body)
  }

  /** Read a calendar. */
  @Get(':id')
  read(@Me() me: Principal, @IdParam() id: number): Promise<CalendarView> {
    return this.calendars.read(me.tenantId, id)
  }

  /** Change a calendar. What is given replaces what it says; running clocks follow. */
  @Roles('admin', 'manager')
  @Patch(':id')
  @MayAnswer(422)
  change(@Me() me: Principal, @IdParam() id: number, @Body() body: ChangeCalendarDto): Promise<CalendarView> {
    return this.calendars.change(me.tenantId, id, body)
  }

  /** Remove a calendar by which no policy counts. */
  @Roles('admin', 'manager')
  @Delete(':id')
  @HttpCode(204)
  @MayAnswer(409)
  remove(@Me() me: Principal, @IdParam() id: number): Promise<void> {
    return this.calendars.remove(me.tenantId, id)
  }

  /** Read when a calendar is open, day by day. */
  @Get(':id/hours')
  @MayAnswer(422)
  hours(@Me() me: Principal, @IdParam() id: number, @Query() query: OpenHoursQuery): Promise<OpenHoursView> {
    return this.days.of(me.tenantId, id, query)
  }
}
