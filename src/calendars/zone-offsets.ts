import { LRUCache } from 'lru-cache'
import { Temporal } from 'temporal-polyfill'
import { DAY } from './local-time.js'

interface Offset {
  ms: number
  /** The first local time, as though it were UTC, that this offset does not turn into an instant any more. */
  before: number
}

/**
 * A zone's offsets around a span of time, so that its local times become instants by addition. Asking Temporal for each
 * day costs a hundred times as much; it is asked for the few changes only.
 */
export class ZoneOffsets {
  private readonly offsets: Offset[] = []
  /** Local times that the zone skipped, half-open. */
  private readonly gaps: { from: number; to: number }[] = []

  /** Looking for the changes of one year takes about a millisecond, and most calendars share a few zones. */
  private static readonly known = new LRUCache<string, ZoneOffsets>({ max: 2_000 })

  /** @param from, to instants, in milliseconds; what lies up to two days outside is known too */
  static between(timezone: string, from: number, to: number): ZoneOffsets {
    const key = `${timezone} ${from} ${to}`
    const found = this.known.get(key) ?? new ZoneOffsets(timezone, from, to)
    this.known.set(key, found)
    return found
  }

  private constructor(timezone: string, from: number, to: number) {
    let at = Temporal.Instant.fromEpochMilliseconds(from - MARGIN).toZonedDateTimeISO(timezone)
    for (;;) {
      const next = at.getTimeZoneTransition('next')
      if (!next || next.epochMilliseconds > to + MARGIN) break
      this.change(next.epochMilliseconds, offsetOf(at), offsetOf(next))
      at = next
    }
    this.offsets.push({ ms: offsetOf(at), before: Infinity })
  }

  /**
   * Temporal's "compatible": a local time that does not exist moves forward by the gap, one that exists twice is the
   * first. Both are what the offset before the change makes of it.
   * @param local milliseconds, as though the local time were UTC
   */
  instantOf(local: number): number {
    return local - this.offsets.find(({ before }) => local < before)!.ms
  }

  /** Whether the zone left this date out, as Samoa did with 2011-12-30 when it crossed the date line. */
  skips(day: number): boolean {
    return this.gaps.some(({ from, to }) => from <= day && day + DAY <= to)
  }

  private change(at: number, earlier: number, later: number): void {
    this.offsets.push({ ms: earlier, before: at + Math.max(earlier, later) })
    if (later > earlier) this.gaps.push({ from: at + earlier, to: at + later })
  }
}

/** No offset is larger than a day, and no local time lies further from its instant than a gap of a day adds. */
const MARGIN = 4 * DAY

const offsetOf = (at: Temporal.ZonedDateTime) => at.offsetNanoseconds / 1e6
