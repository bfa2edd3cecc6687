export class BreachesWithinView {
  /** @example 3 */
  nextHour: number
  /**
   * Those of the next hour among them.
   * @example 17
   */
  nextDay: number
}

export class SimulatedClockView {
  /** @example 42 */
  emailId: number
  /** @example "first_reply" */
  metric: 'first_reply' | 'next_reply' | 'resolution'
  /** @example "running" */
  state: 'running' | 'paused'
  /**
   * Null while it is paused.
   * @example "2026-03-02T10:00:00.000Z"
   */
  deadlineAt: Date | null
  /**
   * Null while it is paused, and where it would have no target.
   * @example "2026-03-02T09:30:00.000Z"
   */
  newDeadlineAt: Date | null
}

export class SimulationView {
  /** The instant for which all of it holds. */
  at: Date
  /**
   * Clocks under way that have a target: neither stopped nor breached.
   * @example 120
   */
  clocks: number
  /**
   * Those whose deadline, warning or, while paused, remaining time would be another, or that would have no target.
   * @example 40
   */
  changed: number
  /** @example 80 */
  unchanged: number
  /**
   * Due earlier than as things stand; while paused, with less time remaining.
   * @example 30
   */
  earlier: number
  /** @example 8 */
  later: number
  /**
   * No policy would have a target for them any more.
   * @example 2
   */
  losingTarget: number
  /**
   * Clocks without a target, and none of `clocks`, that would have one. What follows counts them in.
   * @example 0
   */
  gainingTarget: number
  /**
   * Would be warned at once: their warning has passed and their deadline not.
   * @example 5
   */
  wouldWarnNow: number
  /**
   * Would breach at once: their deadline has passed.
   * @example 4
   */
  wouldBreachNow: number
  /** How many would breach from now on if nobody answered. */
  wouldBreachWithin: BreachesWithinView
  /** The same as things stand. */
  nowWithin: BreachesWithinView
  /** The 20 that change most: those without a target any more, and then those that move furthest. */
  sample: SimulatedClockView[]
  /** There are more than 200,000 clocks, and only so many were computed. */
  isPartial: boolean
}
