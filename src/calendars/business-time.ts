import type { BusinessCalendar } from './business-calendar.js'
import { cutter, union, type Interval } from './intervals.js'

/** Time in which a clock stood still, in epoch milliseconds, half-open. In any order, overlapping or not. */
export interface Pause {
  from: number
  to: number
}

export interface ClockTerms {
  start: number
  /** Open time until the reply is due. */
  targetMs: number
  /** The share of the target that is left when the warning goes out, 1 to 99. */
  warningPercent: number
  pauses: Pause[]
}

export interface ReplySchedule {
  /** The deadline of what is left of the target once only the warning's share remains. */
  warningAt: Date
  deadlineAt: Date
}

/** A target that a clock can have (rule 6). */
export const isTarget = (targetMs: number): boolean => Number.isFinite(targetMs) && targetMs > 0

/** @throws DeadlineTooFar */
export function replySchedule(calendar: BusinessCalendar, terms: ClockTerms): ReplySchedule {
  const { start, targetMs, warningPercent, pauses } = terms
  const deadline = deadlineWithPauses(calendar, start, targetMs, pauses)
  const beforeWarning = (targetMs * (100 - warningPercent)) / 100
  const warning = Math.round(deadlineWithPauses(calendar, start, beforeWarning, pauses))
  return { warningAt: new Date(Math.min(warning, deadline)), deadlineAt: new Date(deadline) }
}

/** What is left of the target at an instant: all that a paused clock has instead of a deadline. */
export const remainingMs = (calendar: BusinessCalendar, terms: ClockTerms, at: number): number =>
  Math.max(0, terms.targetMs - elapsedWithPauses(calendar, terms.start, at, terms.pauses))

/**
 * When `openMs` of open time after `start` are used up, of which pauses use nothing (rule 8).
 * @throws DeadlineTooFar
 */
export function deadlineWithPauses(
  calendar: BusinessCalendar,
  start: number,
  openMs: number,
  pauses: Pause[],
): number {
  let [from, left] = [start, openMs]
  for (const pause of union(pauses)) {
    if (pause.to <= from) continue
    const used = calendar.elapsed(from, pause.from)
    if (left > 0 ? used >= left : calendar.nextOpening(from) < pause.from) break
    left -= used
    from = pause.to
  }
  return calendar.deadline(from, left)
}

/** Open time in `[start, end)` outside of the pauses. */
export function elapsedWithPauses(
  calendar: BusinessCalendar,
  start: number,
  end: number,
  pauses: Pause[],
): number {
  const paused = within(pauses, start, end).map(({ from, to }) => calendar.elapsed(from, to))
  return calendar.elapsed(start, end) - paused.reduce((sum, openMs) => sum + openMs, 0)
}

/** An interval that counted. */
export type Counted = Interval

export interface Skipped extends Interval {
  /** A pause is a reason only while the calendar is open: closed time would not have counted anyway. */
  reason: 'closed' | 'holiday' | 'pause'
  /** The holiday's. */
  name?: string
}

/** Where the time in `[start, end)` went: what counted and what did not, each in order, together all of it. */
export function account(
  calendar: BusinessCalendar,
  start: number,
  end: number,
  pauses: Pause[],
): { counted: Counted[]; skipped: Skipped[]; countedMs: number } {
  const counted: Counted[] = []
  const skipped: Skipped[] = []
  const byPauses = cutter(within(pauses, start, end))
  const byHolidays = cutter([...calendar.holidays(start, end)])
  const closed = (from: number, to: number) => {
    for (const { in: holiday, ...span } of byHolidays(from, to))
      if (!holiday) skipped.push({ ...span, reason: 'closed' })
      else skipped.push({ ...span, reason: 'holiday', ...(holiday.name && { name: holiday.name }) })
  }
  let at = start
  for (const open of calendar.openIntervals(start, end)) {
    closed(at, open.from)
    for (const { in: pause, ...span } of byPauses(open.from, open.to))
      if (pause) skipped.push({ ...span, reason: 'pause' })
      else counted.push(span)
    at = open.to
  }
  closed(at, end)
  return { counted, skipped, countedMs: counted.reduce((sum, { from, to }) => sum + to - from, 0) }
}

/** The parts of the pauses in `[start, end)`, sorted and apart from each other. */
const within = (pauses: Pause[], start: number, end: number): Interval[] =>
  union(pauses.map(({ from, to }) => ({ from: Math.max(from, start), to: Math.min(to, end) })))
