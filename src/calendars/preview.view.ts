export class SkippedTimeView {
  from: Date
  to: Date
  /** @example "holiday" */
  reason: 'closed' | 'holiday' | 'pause'
  /**
   * The holiday's.
   * @example "Christmas Day"
   */
  name?: string
}

export class PreviewView {
  /** When the answer is due; null while the clock is paused. */
  deadline: Date | null
  /** When only the warning's share of the target is left; null while the clock is paused. */
  warningAt: Date | null
  /**
   * What is left of the target; null unless the clock is paused.
   * @example null
   */
  remainingMinutes: number | null
  /** The first open instant from the start on. */
  nextOpening: Date
  /**
   * Open time from the start until the deadline, or until the pause that lasts.
   * @example 240
   */
  countedMinutes: number
  /** What did not count and why, in the first 31 days. */
  skipped: SkippedTimeView[]
}
