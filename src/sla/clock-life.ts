import { DeadlineTooFar, type BusinessCalendar } from '../calendars/business-calendar.js'
import { replySchedule, type Pause } from '../calendars/business-time.js'

export const METRICS = ['first_reply', 'next_reply', 'resolution'] as const
export type Metric = (typeof METRICS)[number]
export const PAUSE_REASONS = ['waiting_for_customer', 'on_hold'] as const
export type PauseReason = (typeof PAUSE_REASONS)[number]
export type ClockState = 'running' | 'paused' | 'met' | 'late' | 'cancelled'

/** What a clock is computed from. */
export interface Terms {
  startedAt: Date
  /** Null: the policy has no such target at present. */
  targetSeconds: number | null
  warningPercent: number
  policyVersionId: number | null
  /** Null: always open. */
  calendarVersionId: number | null
}

/** All of a clock that its history decides. It has a deadline while it runs and its target can be reached. */
export interface ClockFace extends Terms {
  state: ClockState
  warningAt: Date | null
  deadlineAt: Date | null
  /** When the warning and the breach were recorded, not when they were due. */
  warnedAt: Date | null
  breachedAt: Date | null
  stoppedAt: Date | null
  pauses: Pause[]
  pausedAt: Date | null
  pauseReason: PauseReason | null
  nextDueAt: Date | null
}

export type Entry = { at: Date; recordedAt: Date } & (
  | { type: 'started' | 'recomputed'; detail: Terms }
  | { type: 'paused'; detail: { reason: PauseReason; by?: string } }
  | { type: 'stopped'; detail: { reason: 'replied' | 'resolved' } }
  | { type: 'cancelled'; detail: { reason: 'merged' } }
  | { type: 'resumed' | 'warned' | 'breached'; detail: { by?: string } }
)
export type EntryType = Entry['type']

/**
 * The clock after one more thing has happened to it: the rules of its life in one place. What the monitor does to
 * thousands at a time it does in SQL, and the history replayed through here must give the same row.
 *
 * @param calendarOf the business hours of the terms
 */
export function after(
  clock: ClockFace | undefined,
  entry: Entry,
  calendarOf: (terms: Terms) => BusinessCalendar,
): ClockFace {
  if (entry.type === 'started') return schedule({ ...UNSTARTED, ...entry.detail }, calendarOf)
  if (!clock) throw new Error(`A clock starts before it is ${entry.type}`)
  switch (entry.type) {
    case 'recomputed':
      return recomputed({ ...clock, ...entry.detail }, calendarOf)
    case 'paused':
      return {
        ...clock,
        ...NO_DEADLINE,
        state: 'paused',
        pausedAt: entry.at,
        pauseReason: entry.detail.reason,
      }
    case 'resumed':
      return schedule(unpaused(clock, entry.at), calendarOf)
    case 'warned':
      return withNextDue({ ...clock, warnedAt: entry.recordedAt })
    case 'breached':
      return withNextDue({ ...clock, breachedAt: entry.recordedAt })
    case 'stopped':
      return {
        ...clock,
        state: finalState(clock, entry.at),
        stoppedAt: entry.at,
        nextDueAt: null,
      }
    case 'cancelled':
      return {
        ...(clock.pausedAt ? unpaused(clock, entry.at) : clock),
        state: 'cancelled',
        stoppedAt: entry.at,
        nextDueAt: null,
      }
  }
}

/** The clock that a history tells of, from its first entry to its last. */
export function replay(entries: Entry[], calendarOf: (terms: Terms) => BusinessCalendar): ClockFace {
  let clock: ClockFace | undefined
  for (const entry of entries) clock = after(clock, entry, calendarOf)
  if (!clock) throw new Error('A history has at least one entry')
  return clock
}

/** Late begins with the first instant after the deadline: at the deadline itself a reply is in time. */
export const breachDueAt = (deadlineAt: Date): Date => new Date(deadlineAt.getTime() + 1)

const NO_DEADLINE = { warningAt: null, deadlineAt: null, nextDueAt: null }
const UNSTARTED = {
  ...{ ...NO_DEADLINE, state: 'running' as const, warnedAt: null, breachedAt: null, stoppedAt: null },
  ...{ pauses: [], pausedAt: null, pauseReason: null },
}

/** Nothing was due of a clock without a target; what lies beyond all time was in time. */
function finalState({ targetSeconds, deadlineAt }: ClockFace, at: Date): ClockState {
  if (targetSeconds === null) return 'cancelled'
  return !deadlineAt || at <= deadlineAt ? 'met' : 'late'
}

/** A clock that stands still goes on doing so, unless its time was over before it was paused. */
function recomputed(clock: ClockFace, calendarOf: (terms: Terms) => BusinessCalendar): ClockFace {
  const running = schedule({ ...clock, state: 'running' }, calendarOf)
  if (!clock.pausedAt) return running
  const wasOver = running.deadlineAt && running.deadlineAt <= clock.pausedAt
  return wasOver ? { ...running, pausedAt: null, pauseReason: null } : { ...clock, ...NO_DEADLINE }
}

function schedule(clock: ClockFace, calendarOf: (terms: Terms) => BusinessCalendar): ClockFace {
  const { startedAt, targetSeconds, warningPercent, pauses } = clock
  if (targetSeconds === null) return { ...clock, ...NO_DEADLINE }
  const terms = { start: startedAt.getTime(), targetMs: targetSeconds * 1_000, warningPercent, pauses }
  try {
    return withNextDue({ ...clock, ...replySchedule(calendarOf(clock), terms) })
  } catch (error) {
    // Refused when it is saved; should a calendar change under it, mail and replies must go on.
    if (error instanceof DeadlineTooFar) return { ...clock, ...NO_DEADLINE }
    throw error
  }
}

function withNextDue(clock: ClockFace): ClockFace {
  if (clock.breachedAt) return { ...clock, nextDueAt: null }
  return { ...clock, nextDueAt: clock.warnedAt ? breachDueAt(clock.deadlineAt!) : clock.warningAt }
}

const unpaused = (clock: ClockFace, at: Date): ClockFace => ({
  ...clock,
  state: 'running',
  pauses: [...clock.pauses, { from: clock.pausedAt!.getTime(), to: at.getTime() }],
  pausedAt: null,
  pauseReason: null,
})
