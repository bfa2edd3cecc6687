const FIRST_WINDOW = 8
/** For how long, at its pace, a lane may have deliveries wait in hand: others could send them. */
const WAIT_MS = 1_000
/** Enough that a busy process has always something to do, and not so many that each costs it more. */
const BUSY_WINDOWS = 100

interface Lane<Item> {
  /** Attempts at once: up to `reach`. */
  window: number
  /** Half of what it may hold. */
  reach: number
  underWay: number
  waiting: Item[]
  isAdvancing: boolean
  /** There may be more: the last look found all that it might take, or there was no room to look. */
  isHungry: boolean
}

/**
 * How many deliveries this process holds of each webhook, and how many attempts it makes of them at once. Both begin with
 * a few, gain by each success up to the cap and lose half by each failure: a receiver that hangs soon holds hardly anything of
 * what all webhooks share.
 *
 * More attempts at once serve only a process that waits for receivers. In one that is busy, with whatever, all webhooks share
 * some, at least one each: a thousand sockets with little to do on each cost it a third of its pace.
 */
export class Lanes<Item> {
  /** Those with something in hand. */
  private readonly lanes = new Map<number, Lane<Item>>()

  constructor(
    private readonly cap: number,
    private readonly isBusy: () => boolean,
    /** Never throws. What it begins ends by `leave`, maybe at once. */
    private readonly begin: (item: Item) => void,
  ) {}

  /** How many deliveries this process takes of a webhook of which it has none: as many to wait as begin at once. */
  get room(): number {
    return 2 * this.firstReach
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

  /** To be attempted once there is room for it, those of a webhook in the order in which they come. */
  enter(webhookId: number, item: Item): void {
    const lane = this.lane(webhookId)
    lane.waiting.push(item)
    this.advance(lane)
  }

  /** An attempt has ended: one that waits follows. */
  leave(webhookId: number): void {
    const lane = this.lanes.get(webhookId)!
    lane.underWay--
    this.advance(lane)
    this.forgetIdle(webhookId)
  }

  private advance(lane: Lane<Item>): void {
    if (lane.isAdvancing) return // one that ended at once: thousands of them are a loop, not a stack
    lane.isAdvancing = true
    while (lane.underWay < lane.window && lane.waiting.length > 0) {
      lane.underWay++
      this.begin(lane.waiting.shift()!)
    }
    lane.isAdvancing = false
  }

  /** @param tookMs the attempt */
  succeeded(webhookId: number, tookMs: number): void {
    const lane = this.lanes.get(webhookId)
    if (!lane) return
    const { window, reach } = lane
    if (reach === window || (reach / window) * tookMs <= WAIT_MS) lane.reach = Math.min(reach + 1, this.cap)
    else lane.reach--
    if (lane.waiting.length === 0) return
    if (!this.isBusy() || window < this.busyShare) lane.window = Math.min(window + 1, lane.reach)
    else if (window > this.busyShare) lane.window--
  }

  failed(webhookId: number): void {
    const lane = this.lanes.get(webhookId)
    if (!lane) return
    lane.reach = half(lane.reach)
    lane.window = half(lane.window)
  }

  private forgetIdle(webhookId: number): void {
    const lane = this.lanes.get(webhookId)
    if (lane?.underWay === 0 && lane.waiting.length === 0 && !lane.isHungry) this.lanes.delete(webhookId)
  }

  private get busyShare(): number {
    return Math.max(1, Math.floor(BUSY_WINDOWS / this.lanes.size))
  }

  private get firstReach(): number {
    return Math.min(FIRST_WINDOW, this.cap)
  }

  private lane(webhookId: number): Lane<Item> {
    const known = this.lanes.get(webhookId)
    if (known) return known
    const reach = this.firstReach
    const lane: Lane<Item> = {
      window: reach,
      reach,
      underWay: 0,
      waiting: [],
      isAdvancing: false,
      isHungry: false,
    }
    this.lanes.set(webhookId, lane)
    if (this.isBusy()) lane.window = Math.min(reach, this.busyShare)
    return lane
  }
}

const half = (count: number) => Math.max(1, Math.floor(count / 2))

const roomIn = ({ reach, underWay, waiting }: Lane<unknown>): number =>
  Math.max(0, 2 * reach - underWay - waiting.length)

/** For a good handful: a look for each one that is done would cost more than it brings. */
const hasRoom = (lane: Lane<unknown>): boolean => roomIn(lane) >= lane.reach
