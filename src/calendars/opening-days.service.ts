import { Injectable } from '@nestjs/common'
import { Temporal } from 'temporal-polyfill'
import { Clock } from '../database/clock.js'
import { unprocessable } from '../http/problem.js'
import type { OpenHoursQuery } from './calendars.dto.js'
import { Calendars } from './calendars.service.js'
import type { OpenHoursView } from './calendars.view.js'
import { openingDays } from './opening-days.js'

const USUAL_DAYS = 14
const MOST_DAYS = 366

/** When a calendar is open, day by day: what a person checks before replies are counted by it. */
@Injectable()
export class OpeningDays {
  constructor(
    private readonly calendars: Calendars,
    private readonly clock: Clock,
  ) {}

  /** @throws Problem 422 when the days are reversed or more than 366 */
  async of(tenantId: string, id: number, query: OpenHoursQuery): Promise<OpenHoursView> {
    const definition = await this.calendars.definition(tenantId, id)
    const { from, to } = this.range(query, definition.timezone)
    return { timezone: definition.timezone, days: openingDays(definition, from, to) }
  }

  private range(query: OpenHoursQuery, timezone: string) {
    const now = Temporal.Instant.fromEpochMilliseconds(this.clock.now().getTime())
    const today = now.toZonedDateTimeISO(timezone).toPlainDate()
    const from = query.from ? Temporal.PlainDate.from(query.from) : today
    const to = query.to ? Temporal.PlainDate.from(query.to) : from.add({ days: USUAL_DAYS - 1 })
    const { days } = from.until(to)
    if (days < 0) throw unprocessable([{ field: 'to', message: 'must not lie before from' }])
    if (days >= MOST_DAYS)
      throw unprocessable([{ field: 'to', message: `must lie less than ${MOST_DAYS} days after from` }])
    return { from, to }
  }
}
