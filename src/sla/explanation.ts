import { isDeepStrictEqual } from 'node:util'
import type { BusinessCalendar } from '../calendars/business-calendar.js'
import {
  account,
  elapsedWithPauses,
  remainingMs,
  type Pause,
  type Skipped,
} from '../calendars/business-time.js'
import type { ClockFace } from './clock-life.js'
import type { Interval } from '../calendars/intervals.js'

/** Where a clock's time went. Whatever the lists leave out, the sums have in them. */
export interface Explanation {
  /** The deadline, or the stop or the pause before it; the present where there is none of them. */
  until: Date
  counted: Told[]
  skipped: (Told & Pick<Skipped, 'reason' | 'name'>)[]
  more: { counted: Rest; skipped: Rest }
  countedSeconds: number
  /** Open time in pauses; closed time would not have counted anyway. */
  pausedSeconds: number
  closedSeconds: number
  /** What is left of the target: it and what counted are the target. Null without one. */
  unusedSeconds: number | null
  /** Open time after the deadline, until the stop or the present. */
  overdueSeconds: number
}

interface Told {
  from: Date
  to: Date
  seconds: number
}

interface Rest {
  intervals: number
  seconds: number
}

export const MOST_INTERVALS = 1_000

/**
 * Counts a clock's time interval by interval.
 * @param giveWay waited for after each year of the count, of which there may be a hundred
 */
export async function explain(
  calendar: BusinessCalendar,
  clock: ClockFace,
  now: Date,
  giveWay: () => Promise<void> = async () => {},
): Promise<Explanation> {
  const { startedAt, deadlineAt, stoppedAt, pausedAt, pauses, targetSeconds } = clock
  const start = startedAt.getTime()
  const ends = [deadlineAt, stoppedAt, pausedAt].flatMap((at) => (at ? [at.getTime()] : []))
  const until = Math.max(start, ends.length > 0 ? Math.min(...ends) : now.getTime())
  const counted = new Listed<Interval>()
  const skipped = new Listed<Skipped>()
  for (const [from, to] of yearsOf(start, until)) {
    const part = account(calendar, from, to, pauses)
    for (const interval of part.counted) counted.add(interval, interval.from === from)
    for (const interval of part.skipped) skipped.add(interval, interval.from === from)
    await giveWay()
  }
  const countedMs = counted.sum(() => true)
  const overdueFrom = deadlineAt?.getTime() ?? Infinity
  return {
    until: new Date(until),
    counted: counted.told(),
    skipped: skipped.told(),
    more: { counted: counted.rest(), skipped: skipped.rest() },
    countedSeconds: countedMs / 1_000,
    pausedSeconds: skipped.sum((reason) => reason === 'pause') / 1_000,
    closedSeconds: skipped.sum((reason) => reason !== 'pause') / 1_000,
    unusedSeconds: targetSeconds === null ? null : (targetSeconds * 1_000 - countedMs) / 1_000,
    overdueSeconds: openMs(calendar, overdueFrom, (stoppedAt ?? now).getTime(), pauses) / 1_000,
  }
}

/** Open minutes until the deadline, also those of a clock that stands still. Null once it has stopped, and without a target. */
export function remainingMinutes(calendar: BusinessCalendar, clock: ClockFace, now: Date): number | null {
  const { state, startedAt, targetSeconds, pausedAt, warningPercent, pauses } = clock
  if ((state !== 'running' && state !== 'paused') || targetSeconds === null) return null
  const terms = { start: startedAt.getTime(), targetMs: targetSeconds * 1_000, warningPercent, pauses }
  return remainingMs(calendar, terms, (pausedAt ?? now).getTime()) / 60_000
}

/** Whether two clocks are the same in all that their histories decide. */
export function isSameFace(a: ClockFace, b: ClockFace): boolean {
  const keys = Object.keys(b) as (keyof ClockFace)[]
  return keys.every((key) => isDeepStrictEqual(a[key], b[key]))
}

/** The first thousand intervals, and what the others come to. */
class Listed<One extends Interval & { reason?: Skipped['reason']; name?: string }> {
  private readonly first: One[] = []
  private readonly ms = new Map<One['reason'], number>()
  private last: One | undefined
  private length = 0

  /** @param isCut where the count's last year ended: what went on until then is still the same interval */
  add(interval: One, isCut: boolean): void {
    const { from, to, reason, name } = interval
    this.ms.set(reason, (this.ms.get(reason) ?? 0) + to - from)
    const { last } = this
    if (isCut && last?.to === from && last.reason === reason && last.name === name) {
      last.to = to
      return
    }
    this.last = { ...interval }
    if (++this.length <= MOST_INTERVALS) this.first.push(this.last)
  }

  told() {
    return this.first.map((one) => {
      const { from, to } = one
      return { ...one, from: new Date(from), to: new Date(to), seconds: (to - from) / 1_000 }
    })
  }

  rest(): Rest {
    const toldMs = this.first.reduce((sum, { from, to }) => sum + to - from, 0)
    return { intervals: this.length - this.first.length, seconds: (this.sum(() => true) - toldMs) / 1_000 }
  }

  sum(which: (reason: One['reason']) => boolean): number {
    return [...this.ms].reduce((sum, [reason, ms]) => (which(reason) ? sum + ms : sum), 0)
  }
}

const YEAR = 366 * 24 * 60 * 60_000

function* yearsOf(start: number, end: number): Generator<[from: number, to: number]> {
  for (let from = start; from < end; from += YEAR) yield [from, Math.min(from + YEAR, end)]
}

const openMs = (calendar: BusinessCalendar, from: number, to: number, pauses: Pause[]): number =>
  to > from ? elapsedWithPauses(calendar, from, to, pauses) : 0
