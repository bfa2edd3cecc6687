import { Clock } from '../../src/database/clock.js'

/** Time that stands still until a test moves it, for the database and the process alike. */
export class TestClock extends Clock {
  private instant: number

  constructor(start: string) {
    super()
    this.instant = Date.parse(start)
  }

  override get sqlNow(): string {
    return `'${this.now().toISOString()}'::timestamptz`
  }

  override now(): Date {
    return new Date(this.instant)
  }

  /** That instant, as the API tells it. */
  in(ms: number): string {
    return new Date(this.instant + ms).toISOString()
  }

  advance(ms: number): void {
    this.instant += ms
  }
}
