import { randomInt } from 'node:crypto'
import { Injectable } from '@nestjs/common'
import { retryDelayMs } from '../database/retry-schedule.js'

const LONGEST_MS = retryDelayMs(Infinity)
/** Upwards only: what failed together does not come back together, and nothing comes before its time. */
const JITTER = 0.1

/** Chance, of which tests have none. */
@Injectable()
export class Jitter {
  /** From 0 to less than 1. */
  next(): number {
    return randomInt(1_000_000) / 1_000_000
  }
}

/** When a delivery is tried again. */
@Injectable()
export class RetrySchedule {
  constructor(private readonly jitter: Jitter) {}

  /**
   * Milliseconds to wait after the nth failure: 2ⁿ s and up to a tenth more, and no less than the receiver asked for.
   * @param retryAfterMs what its Retry-After says
   */
  waitMs(failures: number, retryAfterMs: number | null): number {
    const wait = retryDelayMs(failures) * (1 + JITTER * this.jitter.next())
    return Math.round(Math.max(wait, Math.min(retryAfterMs ?? 0, LONGEST_MS)))
  }
}
