const FIRST_WINDOW = 8

interface Lane {
  /** Attempts at once. */
  window: number
  underWay: number
  waiting: (() => void)[]
  /** There may be more: the last look found all that it might take, or there was no room to look. */
  isHungry: boolean
}

/**
 * How many attempts this process makes at once to each webhook. It begins with a few, gains one by each success up to the
 * cap and loses half by each failure: a receiver that hangs soon holds hardly anything of what all webhooks share.
 */
export class Lanes {
  /** Those with something in hand. */
  private readonly lanes = new Map<number, Lane>()

  constructor(private readonly cap: number) {}

  /** How many deliveries this process takes of a webhook of which it has none: as many to wait as begin at once. */
  get room(): number {
    return 2 * this.firstWindow
  }

  /** How many more of those of which it has some. */
  rooms(): Map<number, number> {
    return new Map(Array.from(this.lanes, ([id, lane]) => [id, roomIn(lane)]))
  }

  /** Those that ask by themselves once enough of what is in hand is done. */
  busy(): number[] {
    return [...this.lanes].filter(([, lane]) => lane.isHungry && !hasRoom(lane)).map(([id]) => id)
  }

  /**
   * After a look for more.
   * @param asked the `rooms` that it was given
   * @param taken what it found
   */
  took(asked: Map<number, number>, taken: { webhookId: number; quota: number }[]): void {
    for (const [id, room] of asked) {
      const lane = this.lanes.get(id)
      if (lane) lane.isHungry = room === 0
    }
    const counts = new Map<number, number>()
    for (const { webhookId: id, quota } of taken) {
      const count = (counts.get(id) ?? 0) + 1
      counts.set(id, count)
      if (count === quota) this.lane(id).isHungry = true
    }
    for (const id of asked.keys()) this.forgetIdle(id)
  }

  /** Whether it is time to look for more for this webhook. */
  wantsMore(webhookId: number): boolean {
    const lane = this.lanes.get(webhookId)
    return lane !== undefined && lane.isHungry && hasRoom(lane)
  }

  /** Makes an attempt once there is room for it; those of one webhook in the order in which they came. */
  async run<Result>(webhookId: number, attempt: () => Promise<Result>): Promise<Result> {
    const lane = this.lane(webhookId)
    if (lane.underWay < lane.window) lane.underWay++
    else await new Promise<void>((resolve) => lane.waiting.push(resolve)) // who makes room counts it
    try {
      return await attempt()
    } finally {
      lane.underWay--
      while (lane.underWay < lane.window && lane.waiting.length > 0) {
        lane.underWay++
        lane.waiting.shift()!()
      }
      this.forgetIdle(webhookId)
    }
  }

  succeeded(webhookId: number): void {
    const lane = this.lanes.get(webhookId)
    if (lane && lane.window < this.cap) lane.window++
  }

  failed(webhookId: number): void {
    const lane = this.lanes.get(webhookId)
    if (lane) lane.window = Math.max(1, Math.floor(lane.window / 2))
  }

  private forgetIdle(webhookId: number): void {
    const lane = this.lanes.get(webhookId)
    if (lane?.underWay === 0 && lane.waiting.length === 0 && !lane.isHungry) this.lanes.delete(webhookId)
  }

  private get firstWindow(): number {
    return Math.min(FIRST_WINDOW, this.cap)
  }

  private lane(webhookId: number): Lane {
    const known = this.lanes.get(webhookId)
    if (known) return known
    const lane = { window: this.firstWindow, underWay: 0, waiting: [], isHungry: false }
    this.lanes.set(webhookId, lane)
    return lane
  }
}

const roomIn = ({ window, underWay, waiting }: Lane): number =>
  Math.max(0, 2 * window - underWay - waiting.length)

/** For a good handful: a look for each one that is done would cost more than it brings. */
const hasRoom = (lane: Lane): boolean => roomIn(lane) >= lane.window
