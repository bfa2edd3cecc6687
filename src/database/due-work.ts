import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common'
import { SchedulerRegistry } from '@nestjs/schedule'
import { Config } from '../config/config.js'
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
  /** Milliseconds until the next row is due, by the database's clock; null when none waits. */
  msUntilNextDue(): Promise<number | null>
}

const RETRY_MS = 1_000
/** What is due and yet could not be claimed is in another process's hands: without a pause we would spin on its lock. */
const LOCKED_MS = 20
/** Room for a few is used after this while: they are taken together, but do not wait for those that hang to end. */
const LITTLE_ROOM_MS = 20

/** Runs all due work of this process, if it is a worker. */
@Injectable()
export class DueWorkRunner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly loops: DueWorkLoop[] = []
  private readonly precedence = new Precedence(() => this.wakeAll())

  constructor(
    private readonly config: Config,
    private readonly wakeUps: WakeUps,
    private readonly schedule: SchedulerRegistry,
  ) {}

  /** Modules register in onModuleInit; the loops start once the whole application stands. */
  register<Item>(work: DueWork<Item>): void {
    if (!this.config.PROCESS_ROLES.includes('worker')) return
    this.loops.push(new DueWorkLoop(work as DueWork, this.schedule, this.precedence))
  }

  onApplicationBootstrap(): void {
    for (const loop of this.loops) {
      this.wakeUps.on(loop.name, (inMs) => loop.wake(inMs))
      loop.wake()
    }
  }

  /** Looks for work of this name now, should this process do it. */
  wake(name: string): void {
    this.loops.find((loop) => loop.name === name)?.wake()
  }

  /** Everyone looks now: what waited for others, and in tests that moved the clock. */
  wakeAll(): void {
    for (const loop of this.loops) loop.wake()
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.loops.map((loop) => loop.stop()))
  }
}

class DueWorkLoop {
  readonly name: string
  private readonly logger: Logger
  private readonly inHand = new Set<Promise<void>>()
  private looking: Promise<void> | undefined
  private lookAgain = false
  private mayBeMore = false
  private wakeAt = Infinity
  private stopped = false

  constructor(
    private readonly work: DueWork,
    private readonly schedule: SchedulerRegistry,
    private readonly precedence: Precedence,
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

  async stop(): Promise<void> {
    this.stopped = true
    this.forgetPlan()
    await this.looking
    await Promise.all(this.inHand)
  }

  private async look(): Promise<void> {
    this.forgetPlan()
    try {
      while (this.lookAgain && !this.stopped && !this.mustWait) await this.takeDue()
      if (this.mustWait) this.waitForOthers()
      else if (!this.stopped && !this.mayBeMore) this.planNext((await this.work.msUntilNextDue()) ?? POLL_MS)
    } catch (error) {
      if (this.work.goesFirst) this.precedence.end()
      this.logger.error(`Cannot look for due work: ${(error as Error).message}`, (error as Error).stack)
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

  private async takeDue(): Promise<void> {
    this.lookAgain = false
    const room = this.work.capacity - this.inHand.size
    this.mayBeMore = true // until a look finds less than there was room for
    if (room <= 0) return
    const items = await this.work.claim(room)
    this.mayBeMore = items.length === room
    if (this.work.goesFirst && this.mayBeMore) this.precedence.take()
    if (this.work.goesFirst && !this.mayBeMore) this.precedence.end()
    for (const item of items) this.start(item)
    if (this.mayBeMore && !this.work.perform) this.lookAgain = true
  }

  private start(item: unknown): void {
    if (!this.work.perform) return
    const run = this.work
      .perform(item)
      .catch((error: Error) => this.logger.error(error.message, error.stack)) // its lease runs out, and it is retaken
      .finally(() => {
        this.inHand.delete(run)
        if (this.mayBeMore) this.wake(this.inHand.size <= this.work.capacity / 2 ? 0 : LITTLE_ROOM_MS)
      })
    this.inHand.add(run)
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
      setTimeout(() => this.wake(), delay),
    )
  }

  private forgetPlan(): void {
    this.wakeAt = Infinity
    if (this.schedule.doesExist('timeout', this.name)) this.schedule.deleteTimeout(this.name)
  }
}
