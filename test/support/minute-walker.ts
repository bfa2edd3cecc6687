import { Temporal } from 'temporal-polyfill'
import type { CalendarDefinition, LocalInterval, Weekday } from '../../src/sla/calendar-definition.js'

/**
 * Business time as one would count it on one's fingers: minute by minute, asking Temporal for each day. It shares no
 * code with what it checks. Intervals begin and end at whole minutes, so that a minute is open or it is not.
 */
export class MinuteWalker {
  private readonly days = new Map<string, Span[]>()

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
    return this.definition.holidays.find(({ date }) => {
      const day = Temporal.PlainDate.from(date)
      return !this.isMissing(day) && this.instant(day, '00:00') <= at && at < this.instant(day, '24:00')
    })
  }

  isOpen(at: number): boolean {
    if (this.definition.hours.always_open) return true
    const today = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO('UTC').toPlainDate()
    for (let days = -2; days <= 2; days++)
      for (const { from, to } of this.spansOf(today.add({ days }))) if (from <= at && at < to) return true
    return false
  }

  private counts(at: number, pauses: Span[]): boolean {
    return this.isOpen(at) && !pauses.some(({ from, to }) => from <= at && at < to)
  }

  private nextStop(at: number, pauses: Span[]): number {
    const edges = pauses.flatMap(({ from, to }) => [from, to]).filter((edge) => edge > at)
    return Math.min(Math.floor(at / 60_000) * 60_000 + 60_000, ...edges)
  }

  private spansOf(day: Temporal.PlainDate): Span[] {
    const key = day.toString()
    let spans = this.days.get(key)
    if (!spans) this.days.set(key, (spans = this.read(day)))
    return spans
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
