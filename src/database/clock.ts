import { Injectable } from '@nestjs/common'

/**
 * What time it is. The database's clock decides what is due, so that processes whose own clocks differ agree;
 * tests replace this provider to move time by hand.
 */
@Injectable()
export class Clock {
  /** The present as an SQL expression of type timestamptz. Stable within a transaction, so that indexes serve it. */
  get sqlNow(): string {
    return 'now()'
  }

  /** This process's own time, for what stays within it: tokens and timestamps of requests sent. */
  now(): Date {
    return new Date()
  }
}
