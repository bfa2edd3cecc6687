import { union, type Interval } from './intervals.js'
import { DAY } from './local-time.js'
import type { OpenHours } from './open-hours.js'
import { ZoneOffsets } from './zone-offsets.js'

export interface HolidayInterval extends Interval {
  name?: string
}

/** The open time of a year (of UTC: then an instant tells its year without its zone), with running totals. */
export class OpenYear {
  /** All the year's open time, in milliseconds. */
  readonly openMs: number
  readonly count: number
  private readonly openings: Float64Array
  private readonly closings: Float64Array
  /** Open time of the year before each opening. */
  private readonly totals: Float64Array

  /**
   * @param intervals sorted, apart from each other, within the year
   * @param holidays those whose date is in the year; the local day may begin or end outside
   */
  private constructor(
    readonly from: number,
    readonly to: number,
    intervals: Interval[],
    readonly holidays: HolidayInterval[],
  ) {
    this.count = intervals.length
    this.openings = new Float64Array(this.count)
    this.closings = new Float64Array(this.count)
    this.totals = new Float64Array(this.count)
    let openMs = 0
    intervals.forEach((interval, index) => {
      this.openings[index] = interval.from
      this.closings[index] = interval.to
      this.totals[index] = openMs
      openMs += interval.to - interval.from
    })
    this.openMs = openMs
  }

  static compile(hours: OpenHours, timezone: string, year: number): OpenYear {
    const [from, to] = [startOf(year), startOf(year + 1)]
    if (hours.isAlwaysOpen) return new OpenYear(from, to, [{ from, to }], [])
    const offsets = ZoneOffsets.between(timezone, from, to)
    // Where clocks change, intervals may be reversed (dropped), overlap, or come in another order than their local times.
    const open: Interval[] = []
    const holidays: HolidayInterval[] = []
    const onDay = (day: number, time: { from: number; to: number }): Interval => ({
      from: offsets.instantOf(day + time.from),
      to: offsets.instantOf(day + time.to),
    })
    for (let day = from - 2 * DAY; day < to + 2 * DAY; day += DAY) {
      if (offsets.skips(day)) continue
      for (const time of hours.on(day)) open.push(onDay(day, time))
      if (hours.isHoliday(day) && day >= from && day < to)
        holidays.push({ ...onDay(day, { from: 0, to: DAY }), name: hours.holidayName(day) })
    }
    const clipped = open.map((one) => ({ from: Math.max(one.from, from), to: Math.min(one.to, to) }))
    return new OpenYear(from, to, union(clipped), holidays)
  }

  /** Open time from the start of the year to `at`. */
  openUntil(at: number): number {
    const index = lastBelow(this.openings, at)
    return index < 0 ? 0 : this.totals[index]! + Math.min(at, this.closings[index]!) - this.openings[index]!
  }

  /** When so much of the year's open time, above 0, is used up: at a closing rather than at the next opening. */
  instantAfter(openMs: number): number {
    const index = lastBelow(this.totals, openMs)
    return this.openings[index]! + openMs - this.totals[index]!
  }

  /** The first instant from `at` on that is open, if the year still has one. */
  nextOpening(at: number): number | undefined {
    const index = this.firstClosingAfter(at)
    return index < this.count ? Math.max(at, this.openings[index]!) : undefined
  }

  *between(from: number, to: number): Generator<Interval> {
    for (let index = this.firstClosingAfter(from); index < this.count && this.openings[index]! < to; index++)
      yield { from: Math.max(from, this.openings[index]!), to: Math.min(to, this.closings[index]!) }
  }

  private firstClosingAfter(at: number): number {
    const index = lastBelow(this.closings, at) + 1
    return this.closings[index] === at ? index + 1 : index
  }
}

/** Unlike Date.UTC, which takes 99 for 1999. */
const startOf = (year: number) => new Date(0).setUTCFullYear(year, 0, 1)

/** The index of the last value below `limit`, or -1. */
function lastBelow(sorted: Float64Array, limit: number): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]! < limit) low = middle + 1
    else high = middle
  }
  return low - 1
}
