import { Temporal } from 'temporal-polyfill'
import type { CalendarDefinition, LocalInterval, Weekday } from '../../src/calendars/calendar-definition.js'

const MINUTE = 60_000
const DAY = 1_440 * MINUTE

/**
 * Business time as one would count it on one's fingers: minute by minute, asking Temporal for each day. It shares no
 * code with what it checks. Intervals begin and end at whole minutes, so that a minute is open or it is not.
 */
export class MinuteWalker {
  private readonly days = new Map<number, Span[]>()
  private offDays: (Span & { index: number })[] | undefined

  constructor(private readonly definition: CalendarDefinition) {}

  deadline(start: number, openMs: number, pauses: Span[] = []): number {
    let left = openMs
    for (let at = start; ;) {
      const next = this.nextStop(at, pauses)
      if (this.counts(at, pauses)) {
        if (left <= next - at) return at + left
        left -= next - at
      }
      at = next
    }
  }

  elapsed(start: number, end: number, pauses: Span[] = []): number {
    let counted = 0
    for (let at = start; at < end;) {
      const next = Math.min(end, this.nextStop(at, pauses))
      if (this.counts(at, pauses)) counted += next - at
      at = next
    }
    return counted
  }

  /** The holiday that an instant belongs to: its day lasts from its midnight to the next, as the rules read them. */
  holidayAt(at: number): { name?: string } | undefined {
    const found = this.holidays().find(({ from, to }) => from <= at && at < to)
    return found && this.definition.holidays[found.index]
  }

  isOpen(at: number): boolean {
    if (this.definition.hours.always_open) return true
    const today = Math.floor(at / DAY)
    for (let day = today - 2; day <= today + 2; day++)
      for (const { from, to } of this.spansOf(day)) if (from <= at && at < to) return true
    return false
  }

  private counts(at: number, pauses: Span[]): boolean {
    return this.isOpen(at) && !pauses.some(({ from, to }) => from <= at && at < to)
  }

  private nextStop(at: number, pauses: Span[]): number {
    let next = Math.floor(at / MINUTE) * MINUTE + MINUTE
    for (const { from, to } of pauses)
      for (const edge of [from, to]) if (edge > at && edge < next) next = edge
    return next
  }

  /** @param day counted from 1970-01-01 */
  private spansOf(day: number): Span[] {
    let spans = this.days.get(day)
    if (!spans) this.days.set(day, (spans = this.read(new Temporal.PlainDate(1970, 1, 1).add({ days: day }))))
    return spans
  }

  private holidays(): (Span & { index: number })[] {
    this.offDays ??= this.definition.holidays.flatMap(({ date }, index) => {
      const day = Temporal.PlainDate.from(date)
      const span = { from: this.instant(day, '00:00'), to: this.instant(day, '24:00'), index }
      return this.isMissing(day) ? [] : [span]
    })
    return this.offDays
  }

  private read(day: Temporal.PlainDate): Span[] {
    const { hours, holidays } = this.definition
    if (this.isMissing(day) || holidays.some(({ date }) => date === day.toString())) return []
    const weekday = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'][day.dayOfWeek - 1] as Weekday
    const intervals: LocalInterval[] = hours.overrides?.[day.toString()] ?? hours[weekday] ?? []
    return intervals.map(([open, close]) => ({ from: this.instant(day, open), to: this.instant(day, close) }))
  }

  /** No time of the day exists: its last minute is moved to another date. */
  private isMissing(day: Temporal.PlainDate): boolean {
    const { timezone } = this.definition
    const [noon, last] = ['12:00', '23:59'].map((time) => day.toPlainDateTime(Temporal.PlainTime.from(time)))
    return [noon!, last!].every((time) => !time.toZonedDateTime(timezone).toPlainDate().equals(day))
  }

  private instant(day: Temporal.PlainDate, time: string): number {
    const local =
      time === '24:00'
        ? day.add({ days: 1 }).toPlainDateTime()
        : day.toPlainDateTime(Temporal.PlainTime.from(time))
    return local.toZonedDateTime(this.definition.timezone, { disambiguation: 'compatible' }).epochMilliseconds
  }
}

interface Span {
  from: number
  to: number
}
