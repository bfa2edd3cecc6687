import { setImmediate as turn } from 'node:timers/promises'
import type { Lanes } from '../../src/webhooks/lanes.js'

/** Attempts that end when the test says so. */
export class Attempts {
  readonly begun: number[] = []
  readonly ends: (() => void)[] = []

  constructor(
    private readonly lanes: Lanes,
    private readonly webhookId: number,
    private readonly tookMs = 0,
  ) {}

  get underWay(): number {
    return this.ends.length
  }

  add(count: number): void {
    for (let n = 0; n < count; n++) {
      const number = this.added++
      const begin = () => {
        this.begun.push(number)
        this.ends.push(() => this.lanes.leave(this.webhookId))
      }
      const room = this.lanes.enter(this.webhookId)
      if (room) void room.then(begin)
      else begin()
    }
  }

  /** One of those under way ends. */
  async end(how: 'succeeded' | 'failed' | undefined, which = 0): Promise<void> {
    if (how === 'succeeded') this.lanes.succeeded(this.webhookId, this.tookMs)
    if (how === 'failed') this.lanes.failed(this.webhookId)
    this.ends.splice(which, 1)[0]!()
    this.ended++
    await turn()
  }

  added = 0
  ended = 0
}
