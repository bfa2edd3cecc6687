import { Readable } from 'node:stream'
import { Injectable, Logger, StreamableFile, type OnModuleInit } from '@nestjs/common'
import { HttpAdapterHost } from '@nestjs/core'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { SessionWatch } from '../auth/session-watch.js'
import { DatabaseOutage } from '../database/database-outage.js'
import type { Principal } from '../http/principal.js'
import type { EventFeed } from './event-feed.js'
import { EventFeeds } from './event-feeds.js'
import type { StreamQuery } from './events.dto.js'
import { EventsReader, type Place } from './events.reader.js'
import { heartbeat, message, opening } from './server-sent-events.js'
import { StreamLimits } from './stream-limits.js'

const CONTENT_TYPE = 'text/event-stream; charset=utf-8'

interface Following {
  feed: EventFeed
  from: Place
  names: StreamQuery['event']
  over: AbortSignal
}

/** Streams of events that are open in this process. They hold no state that another one needs to go on. */
@Injectable()
export class EventStreams implements OnModuleInit {
  private readonly logger = new Logger(EventStreams.name)
  private readonly endings = new Set<() => void>()

  constructor(
    private readonly reader: EventsReader,
    private readonly feeds: EventFeeds,
    private readonly sessions: SessionWatch,
    private readonly limits: StreamLimits,
    private readonly host: HttpAdapterHost,
    private readonly outage: DatabaseOutage,
  ) {}

  /** Once the server lets nobody in any more: whoever reconnects shall come to another process. */
  onModuleInit(): void {
    // A program that runs the application without its server has no adapter.
    const fastify = (
      this.host.httpAdapter as HttpAdapterHost['httpAdapter'] | null
    )?.getInstance<FastifyInstance>()
    fastify?.addHook('preClose', async () => {
      for (const end of this.endings) end()
    })
  }

  /** @throws Problem 400 for a bad cursor, 429 */
  async open(
    me: Principal,
    { after, event: names }: StreamQuery,
    lastEventId: string | undefined,
    reply: FastifyReply,
  ): Promise<StreamableFile> {
    // A client that reconnects asks for the same URL again: what it saw last goes before where it once began.
    const from = lastEventId
      ? await this.reader.placeOf(me.tenantId, lastEventId, 'Last-Event-ID')
      : await this.reader.placeOf(me.tenantId, after ?? 'latest', 'after')
    const feed = this.feeds.join(me.tenantId)
    const over = new AbortController()
    // Bytes and not objects: it reads on only when less than some KiB wait to be sent.
    const body = Readable.from(this.follow({ feed, from, names, over: over.signal }), {
      objectMode: false,
    })
    const end = () => {
      over.abort()
      // A client that reads nothing would otherwise hold its connection, and the process's stop, for ever.
      const goodbye = setTimeout(() => reply.raw.destroy(), this.limits.goodbyeMs)
      reply.raw.once('close', () => clearTimeout(goodbye))
    }
    // Destroying the body is not enough: it waits until what it reads from has something to say.
    reply.raw.once('close', () => over.abort())
    if (reply.raw.closed) over.abort()
    const expiry = setTimeout(end, Math.max(0, me.expiresAt.getTime() - Date.now()))
    const unwatch = this.sessions.add(me, end)
    this.endings.add(end)
    body.once('close', () => {
      over.abort()
      clearTimeout(expiry)
      unwatch()
      this.endings.delete(end)
      this.feeds.leave(feed)
    })
    return new StreamableFile(body, { type: CONTENT_TYPE })
  }

  private async *follow({ feed, from, names, over }: Following): AsyncGenerator<string> {
    let place = from
    let beatAt = performance.now() + this.limits.heartbeatMs
    let seen = -1
    let hasMore = true
    yield opening(place)
    while (!over.aborted) {
      if (hasMore || feed.version !== seen) {
        seen = feed.version
        const excerpt = await feed.read(place, names).catch((error: Error) => this.excuse(error))
        if (over.aborted) return
        if (excerpt) place = excerpt.next
        hasMore = excerpt?.hasMore === true
        if (excerpt && excerpt.events.length > 0) yield excerpt.events.map(message).join('')
      }
      if (performance.now() >= beatAt) {
        yield heartbeat(place)
        beatAt = performance.now() + this.limits.heartbeatMs
      }
      if (!hasMore) await feed.changed(seen, place, beatAt - performance.now(), over)
    }
  }

  /** An outage of the database is not the end: who is told to come back would be told 503 then, and some never return. */
  private excuse(err: Error): undefined {
    if (!this.outage.explains(err)) this.logger.warn({ err, msg: 'Cannot read events' })
  }
}
