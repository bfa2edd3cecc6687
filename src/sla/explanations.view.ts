import { ApiProperty } from '@nestjs/swagger'
import type { Condition } from './policy-matching.js'

const TEXT_OR_ID = [{ type: 'string' }, { type: 'integer' }]
const ACTUAL = {
  anyOf: [...TEXT_OR_ID, { type: 'null' }],
  description: 'What the email is at present.',
}

export class ConditionView {
  /** @example "priorities" */
  condition: Condition
  @ApiProperty({
    type: 'array',
    items: { anyOf: TEXT_OR_ID },
    description: 'What the policy asks for: one of these.',
    example: ['high'],
  })
  expected: (string | number)[]
  @ApiProperty({ ...ACTUAL, example: 'high' })
  actual: string | number | null
  /** @example true */
  holds: boolean
}

export class PassedOverView {
  /** @example 1 */
  id: number
  /** @example "VIP billing" */
  name: string
  /** @example 1 */
  position: number
  /**
   * The first condition that does not hold. Null where all of them hold today: the policies or the email have changed
   * since, and the clock has not been computed anew, because its breach was recorded or it has stopped.
   * @example "categories"
   */
  condition: Condition | null
  @ApiProperty({ ...ACTUAL, example: 'sales' })
  actual: string | number | null
}

export class ExplainedPolicyView {
  /**
   * Null once the policy was removed.
   * @example 3
   */
  id: number | null
  /** @example "High, VIP" */
  name: string
  /** @example 2 */
  version: number
  /** That version is in force. */
  isCurrent: boolean
  /**
   * Every condition that this version states, for the email that started the clock, by its present values. One that does
   * not hold any more says that the email was changed since.
   */
  why: ConditionView[]
  /** The active policies that stand before it today, in their order. */
  passedOver: PassedOverView[]
}

export class ExplainedCalendarView {
  /** @example 1 */
  id: number
  /** @example "Support, Berlin" */
  name: string
  /** @example 2 */
  version: number
  /** @example "Europe/Berlin" */
  timezone: string
  /** That version is in force. */
  isCurrent: boolean
}

export class CountedView {
  /** @example "2026-03-02T09:00:00.000Z" */
  from: Date
  /** @example "2026-03-02T10:00:00.000Z" */
  to: Date
  /** @example 3600 */
  seconds: number
}

export class SkippedIntervalView extends CountedView {
  /**
   * `pause` only while the calendar was open.
   * @example "holiday"
   */
  reason: 'closed' | 'holiday' | 'pause'
  /**
   * The holiday's.
   * @example "Easter Monday"
   */
  name?: string
}

export class RestView {
  /** @example 0 */
  intervals: number
  /** @example 0 */
  seconds: number
}

export class MoreView {
  counted: RestView
  skipped: RestView
}

export class ClockEntryView {
  /** @example "started" */
  type: 'started' | 'paused' | 'resumed' | 'recomputed' | 'warned' | 'breached' | 'stopped' | 'cancelled'
  /** The instant that counts: of a warning or a breach the one at which it was due. */
  at: Date
  /** When it was written. */
  recordedAt: Date
  detail: Record<string, unknown>
}

export class ClockExplanationView {
  /** @example 9 */
  id: number
  /** @example "first_reply" */
  metric: 'first_reply' | 'next_reply' | 'resolution'
  /** @example "running" */
  state: 'running' | 'paused' | 'met' | 'late' | 'cancelled'
  /**
   * The message that started it.
   * @example 42
   */
  emailId: number
  startedAt: Date
  /** Null while it is paused. */
  deadlineAt: Date | null
  warningAt: Date | null
  /** When the warning and the breach were recorded. */
  warnedAt: Date | null
  breachedAt: Date | null
  stoppedAt: Date | null
  pausedAt: Date | null
  /**
   * Null: its policy has no such target at present.
   * @example 60
   */
  targetMinutes: number | null
  /**
   * Open minutes until the deadline; null once it has stopped, and without a target.
   * @example 45.5
   */
  remainingMinutes: number | null
  /** What it was computed with. Null for clocks that are older than policies. */
  policy: ExplainedPolicyView | null
  /** Null: always open. */
  calendar: ExplainedCalendarView | null
  /** Until when it is counted here: to the deadline, or to the stop or the pause before it. */
  until: Date
  /** What counted, in order: at most 1,000, the others in `more`. */
  counted: CountedView[]
  /** What did not, in order, as many. */
  skipped: SkippedIntervalView[]
  more: MoreView
  /**
   * With `unusedSeconds` it is the target, to the millisecond.
   * @example 3600
   */
  countedSeconds: number
  /**
   * Open time in pauses.
   * @example 0
   */
  pausedSeconds: number
  /**
   * Outside the hours, and on holidays.
   * @example 0
   */
  closedSeconds: number
  /**
   * What was left of the target at `until`; null without one.
   * @example 0
   */
  unusedSeconds: number | null
  /**
   * Open time after the deadline, until the stop or now.
   * @example 0
   */
  overdueSeconds: number
  /** All that ever happened to it, first to last. It is only ever added to. */
  history: ClockEntryView[]
  /**
   * The history gives this clock when it is carried out anew. False only where time-zone data have changed since.
   * @example true
   */
  replays: boolean
}

export class ExplanationView {
  /** Now, for all of it. */
  at: Date
  /**
   * The release of the time-zone data in use.
   * @example "2026a"
   */
  timeZoneData: string
  clocks: ClockExplanationView[]
  /** The conversation has more than 100 clocks: ask for the message that started the one you look for. */
  isPartial: boolean
}
