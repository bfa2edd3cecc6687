import { WEEKDAYS, type CalendarDefinition, type LocalInterval } from './calendar-definition.js'
import { DAY, dayOf, timeOfDay } from './local-time.js'

/** Local times as milliseconds since midnight. */
export interface OpenTime {
  from: number
  to: number
}

/** A definition made ready to be asked by date. Dates are their midnights, in milliseconds as though they were UTC. */
export class OpenHours {
  readonly isAlwaysOpen: boolean
  private readonly week: OpenTime[][]
  private readonly overrides: Map<number, OpenTime[]>
  private readonly holidays: Map<number, string | undefined>

  constructor({ hours, holidays }: CalendarDefinition) {
    this.isAlwaysOpen = hours.always_open === true
    this.week = WEEKDAYS.map((day) => openTimes(hours[day] ?? []))
    const overrides = Object.entries(hours.overrides ?? {})
    this.overrides = new Map(overrides.map(([date, intervals]) => [dayOf(date), openTimes(intervals)]))
    this.holidays = new Map(holidays.map(({ date, name }) => [dayOf(date), name]))
  }

  on(day: number): OpenTime[] {
    if (this.holidays.has(day)) return []
    return this.overrides.get(day) ?? this.week[weekdayOf(day)]!
  }

  isHoliday(day: number): boolean {
    return this.holidays.has(day)
  }

  holidayName(day: number): string | undefined {
    return this.holidays.get(day)
  }

  /** More open time than so many weeks have, clocks set back not counted. */
  mostIn(weeks: number): number {
    return weeks * sum(this.week.flat()) + sum([...this.overrides.values()].flat())
  }
}

const openTimes = (intervals: LocalInterval[]): OpenTime[] =>
  intervals.map(([open, close]) => ({ from: timeOfDay(open), to: timeOfDay(close) }))

/** 0 is Monday. 1970-01-01 was a Thursday. */
export const weekdayOf = (day: number) => (((day / DAY + 3) % 7) + 7) % 7

const sum = (times: OpenTime[]) => times.reduce((total, { from, to }) => total + to - from, 0)
