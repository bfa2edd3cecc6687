import { Injectable } from '@nestjs/common'
import { WakeUps } from '../database/wake-ups.js'
import type { EventName } from '../events/catalogue.js'
import { streamWakeUp } from '../events/stream-wake-up.js'
import { Problem } from '../http/problem.js'
import { EventsReader, type Excerpt, type Place } from './events.reader.js'
import { StreamLimits } from './stream-limits.js'

/** The feeds of the tenants who have streams open in this process. */
@Injectable()
export class EventFeeds {
  private readonly feeds = new Map<string, EventFeed>()

  constructor(
    private readonly reader: EventsReader,
    private readonly wakeUps: WakeUps,
    private readonly limits: StreamLimits,
  ) {}

  /** @throws Problem 429 */
  join(tenantId: string): EventFeed {
    const feed = this.feeds.get(tenantId) ?? this.open(tenantId)
    const { streamsPerTenant } = this.limits
    if (feed.streams >= streamsPerTenant)
      throw new Problem(
        429,
        'too_many_streams',
        `There are ${streamsPerTenant} streams open; close one first`,
      )
    feed.streams++
    return feed
  }

  leave(feed: EventFeed): void {
    if (--feed.streams > 0) return
    this.feeds.delete(feed.tenantId)
    this.wakeUps.off(streamWakeUp(feed.tenantId))
    feed.close()
  }

  private open(tenantId: string): EventFeed {
    const feed = new EventFeed(tenantId, this.reader, this.limits)
    this.feeds.set(tenantId, feed)
    this.wakeUps.on(streamWakeUp(tenantId), (inMs) => feed.wake(inMs))
    return feed
  }
}

/** What the streams of one tenant share: when to look, and what they see when they look from the same place. */
export class EventFeed {
  streams = 0
  /** Counts the reasons to look: whoever has seen this one may wait for the next. */
  version = 0
  private readonly waiting = new Set<() => void>()
  private readonly readings = new Map<string, Promise<Excerpt>>()
  private timer: NodeJS.Timeout | undefined
  private wakeAt = Infinity
  private wokenAt = -Infinity
  private settleMs = 0

  constructor(
    readonly tenantId: string,
    private readonly reader: EventsReader,
    private readonly limits: StreamLimits,
  ) {
    this.wake(limits.pollMs)
  }

  /** One query for all that ask the same: at the end of the stream, those are all with the same filter. */
  read(from: Place, names: EventName[] | undefined): Promise<Excerpt> {
    const key = JSON.stringify([this.version, from, names])
    const reading = this.readings.get(key) ?? this.look(from, names).finally(() => this.readings.delete(key))
    this.readings.set(key, reading)
    return reading
  }

  /** Resolves when there is a reason to look that was not seen, after so many milliseconds, or when it is all over. */
  changed(seen: number, withinMs: number, over: AbortSignal): Promise<void> {
    if (this.version !== seen || over.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        over.removeEventListener('abort', done)
        this.waiting.delete(done)
        resolve()
      }
      const timer = setTimeout(done, withinMs)
      over.addEventListener('abort', done)
      this.waiting.add(done)
    })
  }

  /** There will be a reason to look in so many milliseconds. */
  wake(inMs: number): void {
    const now = performance.now()
    const at = Math.max(now + inMs, this.wokenAt + this.limits.gapMs)
    if (at >= this.wakeAt) return
    clearTimeout(this.timer)
    this.wakeAt = at
    this.timer = setTimeout(() => this.woken(), at - now)
  }

  close(): void {
    clearTimeout(this.timer)
    this.wakeAt = -Infinity // a reading under way plans no more
  }

  private async look(from: Place, names: EventName[] | undefined): Promise<Excerpt> {
    const excerpt = await this.reader.read(this.tenantId, from, names, this.limits.pageSize)
    this.awaitPending(excerpt)
    return excerpt
  }

  private woken(): void {
    this.wokenAt = performance.now()
    this.wakeAt = Infinity
    this.version++
    for (const done of this.waiting) done()
    this.wake(this.limits.pollMs)
  }

  /** What is committed and not settled announces itself no more. A long transaction is asked after less and less. */
  private awaitPending({ isPending, events }: Excerpt): void {
    const { settleMs, settleAtMostMs } = this.limits
    this.settleMs = events.length > 0 ? settleMs : Math.min(this.settleMs * 2, settleAtMostMs)
    if (!isPending) this.settleMs = settleMs
    else this.wake(this.settleMs)
  }
}
