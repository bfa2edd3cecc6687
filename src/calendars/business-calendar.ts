import { LRUCache } from 'lru-cache'
import type { CalendarDefinition } from './calendar-definition.js'
import type { Interval } from './intervals.js'
import { DAY } from './local-time.js'
import { OpenHours } from './open-hours.js'
import { OpenYear, type HolidayInterval } from './open-year.js'

export type { Interval } from './intervals.js'

/**
 * Open time of a calendar, in milliseconds since the epoch. Years are compiled when an instant first falls into them;
 * after that an answer costs two binary searches, however far away it lies.
 */
export class BusinessCalendar {
  private readonly years = new LRUCache<number, OpenYear>({
    maxSize: MOST_INTERVALS_KEPT,
    sizeCalculation: ({ count }) => count + 1,
  })
  private readonly mostOpenMs: number

  static compile(definition: CalendarDefinition): BusinessCalendar {
    return new BusinessCalendar(definition, new OpenHours(definition))
  }

  private constructor(
    readonly definition: CalendarDefinition,
    private readonly hours: OpenHours,
  ) {
    this.mostOpenMs = hours.isAlwaysOpen
      ? HUNDRED_YEARS
      : Math.min(HUNDRED_YEARS, hours.mostIn(WEEKS) + CLOCKS_SET_BACK)
  }

  /**
   * When `openMs` of open time after `start` are used up; without any to use, the next opening. Used up at a closing,
   * that closing (rules 2 and 3).
   * @throws DeadlineTooFar more than 100 years after the start
   */
  deadline(start: number, openMs: number): number {
    if (!(openMs >= 0)) throw new RangeError(`There is no deadline after ${openMs} ms`)
    if (openMs > this.mostOpenMs) throw new DeadlineTooFar()
    if (this.hours.isAlwaysOpen) return start + openMs
    if (openMs === 0) return this.nextOpening(start)
    const last = start + HUNDRED_YEARS
    let year = this.yearAt(start)
    let left = year.openUntil(start) + openMs
    while (left > year.openMs && year.to < last) {
      left -= year.openMs
      year = this.yearAt(year.to)
    }
    if (left > year.openMs || year.instantAfter(left) > last) throw new DeadlineTooFar()
    return year.instantAfter(left)
  }

  /**
   * Compiles the years until `to` and those in which so much open time after it lies, and gives way after each: what then
   * asks about them counts only.
   */
  async compileYears(from: number, to: number, openMs: number, giveWay: () => Promise<void>): Promise<void> {
    if (this.hours.isAlwaysOpen || openMs > this.mostOpenMs) return
    const last = to + HUNDRED_YEARS
    let left = openMs
    for (let at = from; (at <= to || left > 0) && at < last;) {
      const year = this.yearAt(at)
      // The year of `to` may have passed for the most part.
      if (year.from > to) left -= year.openMs
      at = year.to
      await giveWay()
    }
  }

  /**
   * Open time in `[start, end)`; 0 when `end` is not after `start`.
   * @throws RangeError over more than 400 years
   */
  elapsed(start: number, end: number): number {
    if (end <= start) return 0
    if (this.hours.isAlwaysOpen) return end - start
    requireSpan(start, end)
    let year = this.yearAt(start)
    let openMs = -year.openUntil(start)
    for (; year.to < end; year = this.yearAt(year.to)) openMs += year.openMs
    return openMs + year.openUntil(end)
  }

  /**
   * The first open instant from `at` on: `at` itself when it is open.
   * @throws DeadlineTooFar when nothing opens for 100 years
   */
  nextOpening(at: number): number {
    if (this.hours.isAlwaysOpen) return at
    const last = at + HUNDRED_YEARS
    let year = this.yearAt(at)
    let opening = year.nextOpening(at)
    while (opening === undefined && year.to < last) {
      year = this.yearAt(year.to)
      opening = year.nextOpening(at)
    }
    if (opening === undefined || opening > last) throw new DeadlineTooFar()
    return opening
  }

  /**
   * Open time in `[from, to)`, clipped to it, in order; what touches is one interval.
   * @throws RangeError over more than 400 years
   */
  *openIntervals(from: number, to: number): Generator<Interval> {
    let open: Interval | undefined
    for (const year of this.yearsIn(from, to))
      for (const interval of year.between(from, to)) {
        if (open?.to === interval.from) open.to = interval.to
        else {
          if (open) yield open
          open = interval
        }
      }
    if (open) yield open
  }

  /** The holidays whose local day reaches into `[from, to)`, whole and in order. */
  *holidays(from: number, to: number): Generator<HolidayInterval> {
    // Around the new year a local day is in another year of UTC than its date.
    for (const year of this.yearsIn(from - 2 * DAY, to + 2 * DAY))
      for (const holiday of year.holidays) if (holiday.from < to && holiday.to > from) yield holiday
  }

  private *yearsIn(from: number, to: number): Generator<OpenYear> {
    if (!(from < to)) return
    requireSpan(from, to)
    let year = this.yearAt(from)
    for (; year.to < to; year = this.yearAt(year.to)) yield year
    yield year
  }

  private yearAt(at: number): OpenYear {
    const number = new Date(at).getUTCFullYear()
    const known = this.years.get(number)
    if (known) return known
    const year = OpenYear.compile(this.hours, this.definition.timezone, number)
    this.years.set(number, year)
    return year
  }
}

/** A target that the calendar's open time does not fill within 100 years. */
export class DeadlineTooFar extends Error {
  constructor() {
    super('The deadline lies more than 100 years after the start')
  }
}

/** Two centuries of a usual week, and of the busiest one allowed still eleven years: about a megabyte a calendar. */
const MOST_INTERVALS_KEPT = 50_000
const HUNDRED_YEARS = 36_525 * DAY
const WEEKS = Math.ceil(HUNDRED_YEARS / (7 * DAY)) + 1
/** What a hundred years can gain by clocks set back, with room: some hours a year, or once a date line crossed. */
const CLOCKS_SET_BACK = 100 * 26 * (DAY / 24)
const LONGEST_SPAN = 4 * HUNDRED_YEARS

function requireSpan(from: number, to: number): void {
  if (!(to - from <= LONGEST_SPAN)) throw new RangeError('Open time is told of at most 400 years at once')
}

/** Before anyone says otherwise. */
export const ALWAYS_OPEN = BusinessCalendar.compile({
  timezone: 'UTC',
  hours: { always_open: true },
  holidays: [],
})
