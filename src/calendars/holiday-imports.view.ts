export class ReadHolidayView {
  /** @example "2026-12-25" */
  date: string
  /** @example "Christmas Day" */
  name: string
  /**
   * The calendar did not have the date yet.
   * @example true
   */
  isNew: boolean
}

export class SkippedView {
  /** @example "Team meeting" */
  summary: string
  /** @example "covers only part of a day" */
  reason: string
}

export class ImportView {
  /** @example 9 */
  added: number
  /**
   * Dates that the calendar had already; they keep their names.
   * @example 2
   */
  unchanged: number
  /** What was read and is no holiday, and why. */
  skipped: SkippedView[]
  /** What was read, by date. */
  holidays: ReadHolidayView[]
  /** @example false */
  dryRun: boolean
}
