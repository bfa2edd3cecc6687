import type { Recoverable } from './recoveries.dto.js'

export type RecoveryState = 'running' | 'completed' | 'cancelled'

export class RecoveryView {
  /**
   * Null for a dry run, of which nothing is kept.
   * @example 5
   */
  id: number | null
  /** @example "failed" */
  status: Recoverable
  since: Date
  until: Date
  /**
   * The names of the events; null is all.
   * @example ["email.received"]
   */
  events: string[] | null
  /** @example "completed" */
  state: RecoveryState
  /**
   * Failed deliveries that were queued again.
   * @example 12
   */
  failed: number
  /**
   * Missed events that were queued.
   * @example 0
   */
  missed: number
  /**
   * The share of the events that was looked at, in percent. Of a dry run less than 100 where there were too many: then
   * the counts are of the first 20,000.
   * @example 100
   */
  progressPercent: number
  createdAt: Date
  finishedAt: Date | null
}

export class RecoveryPage {
  data: RecoveryView[]
  /** Pass it as `cursor` for the next page; null on the last. */
  nextCursor: string | null
}
