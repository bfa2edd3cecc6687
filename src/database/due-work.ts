import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common'
import { SchedulerRegistry } from '@nestjs/schedule'
import { Config } from '../config/config.js'
import { DatabaseOutage } from './database-outage.js'
import { Precedence } from './precedence.js'
import { POLL_MS, WakeUps } from './wake-ups.js'

/** Work that lies in rows with a due instant. */
export interface DueWork<Item = unknown> {
  /** Unique: its wake-ups and its timer carry it. */
  readonly name: string
  /** Items in hand at once in one process. */
  readonly capacity: number
  /** While more of this is due than it takes at once, other due work of this process waits: see `Precedence`. */
  readonly goesFirst?: boolean
  /**
   * Takes up to `limit` due rows with SKIP LOCKED. Rows that need more than this transaction are taken under a
   * lease with a fencing token, and their work follows in `perform`.
   */
  claim(limit: number): Promise<Item[]>
  /** Does one claimed item and records its outcome. Absent where the claim's own transaction does everything. */
  perform?(item: Item): Promise<void>
  /**
   * Instead of `perform`, for thousands of small items a second: begins with all that were claimed. Whoever is through with
   * some, in whatever order, says so by `DueWorkRunner.ended`.
   */
  begin?(items: Item[]): void
  /** Milliseconds until the next row is due, by the database's clock; null when none waits. */
  msUntilNextDue(): Promise<number | null>
}

const RETRY_MS = 1_000
/** What is due and yet could not be claimed is in another process's hands: without a pause we would spin on its lock. */
const LOCKED_MS = 20
/** Where some were due there may soon be others: to look for them tells as much as to ask when. */
const SOON_MS = 50
/** Worth a look at once: what a look costs by itself is shared by many. */
const MUCH_ROOM = 1 / 2
/** Less is used after this while: a few are taken together, but do not wait for those that hang to end. */
const LITTLE_ROOM_MS = 100

/** Runs all due work of this process, if it is a worker. */
@Injectable()
export class DueWorkRunner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly loops = new Map<string, DueWorkLoop>()
  private readonly precedence = new Precedence(() => this.wakeAll())

  constructor(
    private readonly config: Config,
    private readonly wakeUps: WakeUps,
    private readonly schedule: SchedulerRegistry,
    private readonly outage: DatabaseOutage,
  ) {}

  /** Modules register in onModuleInit; the loops start once the whole application stands. */
  register<Item>(work: DueWork<Item>): void {
    if (!this.config.PROCESS_ROLES.includes('worker')) return
    this.loops.set(work.name, new DueWorkLoop(work as DueWork, this.schedule, this.precedence, this.outage))
  }

  onApplicationBootstrap(): void {
    for (const loop of this.loops.values()) {
      this.wakeUps.on(loop.name, (inMs) => loop.wake(inMs))
      loop.wake()
    }
  }

  /** Looks for more work of this name as soon as there is room for it, should this process do it. */
  wantMore(name: string): void {
    this.loops.get(name)?.wantMore()
  }

  /** So many items of this name are no longer in hand. */
  ended(name: string, count: number): void {
    this.loops.get(name)?.ended(count)
  }

  /** Everyone looks now: what waited for others, and in tests that moved the clock. */
  wakeAll(): void {
    for (const loop of this.loops.values()) loop.wake()
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(Array.from(this.loops.values(), (loop) => loop.stop()))
  }
}

class DueWorkLoop {
  readonly name: string
  private readonly logger: Logger
  private inHand = 0
  private allDone: PromiseWithResolvers<void> | undefined
  private looking: Promise<void> | undefined
  private lookAgain = false
  private mayBeMore = false
  private wakeAt = Infinity
  private stopped = false

  constructor(
    private readonly work: DueWork,
    private readonly schedule: SchedulerRegistry,
    private readonly precedence: Precedence,
    private readonly outage: DatabaseOutage,
  ) {
    this.name = work.name
    this.logger = new Logger(`DueWork:${work.name}`)
  }

  /** Looks for due work in so many milliseconds, unless an earlier look is planned. */
  wake(inMs = 0): void {
    if (this.stopped) return
    if (inMs > 0) return this.plan(inMs)
    this.lookAgain = true
    this.looking ??= this.look().finally(() => {
      this.looking = undefined
      if (this.lookAgain) this.wake()
    })
  }

  wantMore(): void {
    const room = this.work.capacity - this.inHand
    this.wake(room >= this.work.capacity * MUCH_ROOM ? 0 : LITTLE_ROOM_MS)
  }

  ended(count: number): void {
    this.inHand -= count
    if (this.mayBeMore) this.wantMore()
    if (this.inHand === 0) this.allDone?.resolve()
  }

  async stop(): Promise<void> {
    this.stopped = true
    this.forgetPlan()
    await this.looking
    this.allDone ??= Promise.withResolvers() // nothing is begun any more
    if (this.inHand > 0) await this.allDone.promise
  }

  private async look(): Promise<void> {
    this.forgetPlan()
    try {
      let taken = 0
      while (this.lookAgain && !this.stopped && !this.mustWait) taken = await this.takeDue()
      if (this.mustWait) this.waitForOthers()
      else if (this.stopped || this.mayBeMore) return
      else if (taken > 0 && this.inHand > 0) this.plan(SOON_MS)
      else this.planNext((await this.work.msUntilNextDue()) ?? POLL_MS)
    } catch (error) {
      if (this.work.goesFirst) this.precedence.end()
      if (!this.outage.explains(error)) this.logger.error({ err: error, msg: 'Cannot look for due work' })
      this.plan(RETRY_MS)
    }
  }

  private get mustWait(): boolean {
    return !this.work.goesFirst && this.precedence.msLeft > 0
  }

  /** Woken as soon as they are through, and at the latest when their precedence ends by itself. */
  private waitForOthers(): void {
    this.lookAgain = false
    this.plan(this.precedence.msLeft)
  }

  private async takeDue(): Promise<number> {
    this.lookAgain = false
    const room = this.work.capacity - this.inHand
    this.mayBeMore = true // until a look finds less than there was room for
    if (room <= 0) return 0
    const items = await this.work.claim(room)
    this.mayBeMore = items.length === room
    if (this.work.goesFirst && this.mayBeMore) this.precedence.take()
    if (this.work.goesFirst && !this.mayBeMore) this.precedence.end()
    if (this.work.begin) {
      this.inHand += items.length
      this.work.begin(items)
    } else if (this.work.perform) for (const item of items) void this.perform(item)
    else if (this.mayBeMore) this.lookAgain = true
    return items.length
  }

  private async perform(item: unknown): Promise<void> {
    this.inHand++
    try {
      await this.work.perform!(item)
    } catch (error) {
      if (!this.outage.explains(error)) this.logger.error(error) // its lease runs out, and it is retaken
    }
    this.ended(1)
  }

  private planNext(inMs: number): void {
    this.plan(inMs > 0 ? inMs : LOCKED_MS)
  }

  private plan(inMs: number): void {
    const delay = Math.min(Math.max(Math.ceil(inMs), 1), POLL_MS)
    const at = performance.now() + delay
    if (at >= this.wakeAt || this.stopped) return
    this.forgetPlan()
    this.wakeAt = at
    this.schedule.addTimeout(
      this.name,
      setTimeout(() => {
        this.forgetPlan() // also while a look is under way, which would leave it standing and let no other be made
        this.wake()
      }, delay),
    )
  }

  private forgetPlan(): void {
    this.wakeAt = Infinity
    if (this.schedule.doesExist('timeout', this.name)) this.schedule.deleteTimeout(this.name)
  }
}
