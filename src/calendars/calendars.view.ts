import { HolidayDto, HoursDto } from './business-hours.dto.js'

export class CalendarView {
  /** @example 3 */
  id: number
  /** @example "Support, Berlin" */
  name: string
  /**
   * Counts the changes of what the calendar says.
   * @example 1
   */
  version: number
  /** @example "Europe/Berlin" */
  timezone: string
  hours: HoursDto
  holidays: HolidayDto[]
  createdAt: Date
  updatedAt: Date
}

export class CalendarPage {
  data: CalendarView[]
  /** Pass it as `cursor` for the next page; null on the last. */
  nextCursor: string | null
}

export class IntervalView {
  from: Date
  to: Date
}

export class OpenDayView {
  /** @example "2026-12-24" */
  date: string
  /** @example "thu" */
  weekday: string
  /** In order; half-open. */
  open: IntervalView[]
  /**
   * Minutes that pass, whatever the clocks on the wall do.
   * @example 180
   */
  openMinutes: number
  /**
   * The name of the holiday that the date is.
   * @example null
   */
  holiday: string | null
  /**
   * The date has hours of its own.
   * @example true
   */
  override: boolean
}

export class OpenHoursView {
  /** @example "Europe/Berlin" */
  timezone: string
  days: OpenDayView[]
}
