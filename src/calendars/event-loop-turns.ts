import { setImmediate } from 'node:timers/promises'

const LONGEST_MS = 10

/** Gives way to others at times: what computes for long must not hold up everybody's requests. */
export class Turns {
  private since = performance.now()

  async giveWay(): Promise<void> {
    if (performance.now() - this.since < LONGEST_MS) return
    await setImmediate()
    this.since = performance.now()
  }
}
