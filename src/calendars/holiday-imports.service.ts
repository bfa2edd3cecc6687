import { Injectable } from '@nestjs/common'
import { Temporal } from 'temporal-polyfill'
import { Clock } from '../database/clock.js'
import { Problem } from '../http/problem.js'
import { Calendars } from './calendars.service.js'
import type { CountryHolidaysDto } from './holiday-imports.dto.js'
import type { ImportView } from './holiday-imports.view.js'
import { HolidayReader } from './holiday-reader.js'
import type { Found } from './holiday-sources.js'

/** Which years of a file's recurring events are taken in, counted from this one. */
const FIRST_YEAR = -1
const LAST_YEAR = 5
/** Which years of a country's holidays are, unless the request says. */
const USUAL_YEARS = [0, 1, 2]

/** Adds to a calendar the holidays that others have written down. */
@Injectable()
export class HolidayImports {
  constructor(
    private readonly calendars: Calendars,
    private readonly reader: HolidayReader,
    private readonly clock: Clock,
  ) {}

  /** @throws Problem 422 `unreadable_calendar` for what is no iCalendar file */
  async fromIcal(tenantId: string, id: number, raw: unknown, dryRun = false): Promise<ImportView> {
    if (!Buffer.isBuffer(raw))
      throw new Problem(415, 'unsupported_media_type', 'Send the file as Content-Type: text/calendar')
    const { timezone } = await this.calendars.definition(tenantId, id)
    const year = this.yearIn(timezone)
    const [from, to] = [`${year + FIRST_YEAR}-01-01`, `${year + LAST_YEAR}-12-31`]
    const found = await this.reader.read(tenantId, { ical: { raw: new Uint8Array(raw), timezone, from, to } })
    return this.add(tenantId, id, found, dryRun)
  }

  /** @throws Problem 422 for a country or region whose holidays nobody has written down */
  async ofCountry(tenantId: string, id: number, input: CountryHolidaysDto): Promise<ImportView> {
    const { country, region, dryRun = false, types = ['public'] } = input
    const { timezone } = await this.calendars.definition(tenantId, id)
    const years = input.years ?? USUAL_YEARS.map((year) => this.yearIn(timezone) + year)
    const found = await this.reader.read(tenantId, { country: { country, region, years, types } })
    return this.add(tenantId, id, found, dryRun)
  }

  private async add(
    tenantId: string,
    id: number,
    { holidays, skipped }: Found,
    dryRun: boolean,
  ): Promise<ImportView> {
    const added = await this.calendars.addHolidays(tenantId, id, holidays, dryRun)
    return {
      added: added.size,
      unchanged: holidays.length - added.size,
      skipped,
      holidays: holidays.map((holiday) => ({ ...holiday, isNew: added.has(holiday.date) })),
      dryRun,
    }
  }

  private yearIn(timezone: string): number {
    return Temporal.Instant.fromEpochMilliseconds(this.clock.now().getTime()).toZonedDateTimeISO(timezone)
      .year
  }
}
