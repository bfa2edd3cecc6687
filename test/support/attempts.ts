import { Lanes } from '../../src/webhooks/lanes.js'

type Begin = () => void

/** Lanes of attempts that begin as they say themselves. */
export const lanesOf = (cap: number, isBusy: () => boolean) =>
  new Lanes<Begin>(cap, isBusy, (begin) => begin())

/** Attempts that end when the test says so. */
export class Attempts {
  readonly begun: number[] = []
  readonly ends: (() => void)[] = []

  constructor(
    private readonly lanes: Lanes<Begin>,
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
      this.lanes.enter(this.webhookId, begin)
    }
  }

  /** One of those under way ends. */
  end(how: 'succeeded' | 'failed' | undefined, which = 0): void {
    if (how === 'succeeded') this.lanes.succeeded(this.webhookId, this.tookMs)
    if (how === 'failed') this.lanes.failed(this.webhookId)
    this.ends.splice(which, 1)[0]!()
    this.ended++
  }

  added = 0
  ended = 0
}
