import { Injectable, Logger } from '@nestjs/common'
import { DatabaseOutage } from '../database/database-outage.js'
import { WakeUps } from '../database/wake-ups.js'
import { streamWakeUp } from '../events/stream-wake-up.js'
import { Problem } from '../http/problem.js'
import { EventFeed } from './event-feed.js'
import { EventsReader } from './events.reader.js'
import { StreamLimits } from './stream-limits.js'

/**
 * The feeds of the tenants who have streams open in this process. Wake-ups tell a feed of its events; what they do not
 * tell of is found by one look for all tenants, now and then, and soon where events are pending.
 */
@Injectable()
export class EventFeeds {
  private readonly logger = new Logger(EventFeeds.name)
  private readonly feeds = new Map<string, EventFeed>()
  private timer: NodeJS.Timeout | undefined
  private isLooking = false
  /** When all are looked after. */
  private allAt = 0
  private settleMs = 0

  constructor(
    private readonly reader: EventsReader,
    private readonly wakeUps: WakeUps,
    private readonly limits: StreamLimits,
    private readonly outage: DatabaseOutage,
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
    if (this.feeds.size === 0) clearTimeout(this.timer)
  }

  private open(tenantId: string): EventFeed {
    const feed = new EventFeed(tenantId, this.reader, this.limits, () => this.askSoon())
    this.wakeUps.on(streamWakeUp(tenantId), (inMs) => feed.wake(inMs))
    this.feeds.set(tenantId, feed)
    if (this.feeds.size === 1) {
      this.allAt = performance.now() + this.limits.pollMs
      this.plan()
    }
    return feed
  }

  private askSoon(): void {
    this.settleMs = this.limits.settleMs
    if (!this.isLooking) this.plan()
  }

  private plan(): void {
    const isPending = [...this.feeds.values()].some((feed) => feed.isPending)
    const untilAll = Math.max(0, this.allAt - performance.now())
    clearTimeout(this.timer)
    if (this.feeds.size > 0)
      this.timer = setTimeout(
        () => void this.look(),
        isPending ? Math.min(this.settleMs, untilAll) : untilAll,
      )
  }

  /** One statement, for all tenants or for those with pending events. These are asked after less and less. */
  private async look(): Promise<void> {
    const isForAll = performance.now() >= this.allAt
    if (isForAll) this.allAt = performance.now() + this.limits.pollMs
    const asked = [...this.feeds.values()].filter((feed) => isForAll || feed.isPending)
    const pending = asked.filter((feed) => feed.isPending)
    this.isLooking = true
    this.settleMs = Math.min(this.settleMs * 2, this.limits.settleAtMostMs)
    for (const feed of pending) feed.isPending = false // a reading meanwhile may say otherwise, and knows better
    try {
      const newest = await this.reader.newest(asked.map(({ tenantId }) => tenantId))
      for (const found of newest) this.feeds.get(found.tenantId)?.tell(found)
    } catch (error) {
      for (const feed of pending) feed.isPending = true
      if (!this.outage.explains(error))
        this.logger.warn(`Cannot look for events: ${(error as Error).message}`)
    }
    this.isLooking = false
    this.plan()
  }
}
