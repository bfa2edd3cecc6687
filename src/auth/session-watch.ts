import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common'
import { DatabaseOutage } from '../database/database-outage.js'
import type { Principal } from '../http/principal.js'
import { Standings, type Standing } from './standings.service.js'

/** With the age of the answer that a request was let in by, and the query's own time, this stays within a second. */
const LOOK_MS = 300
/** A look that hangs on a dead connection holds up none of the next ones, nor do they take all connections. */
const LOOKS_AT_ONCE = 4

interface Watched {
  me: Principal
  end: () => void
}

/** Ends what lasts longer than a request, such as a stream, when its session ends or stands for something else. */
@Injectable()
export class SessionWatch implements OnModuleDestroy {
  private readonly logger = new Logger(SessionWatch.name)
  private readonly watched = new Set<Watched>()
  private timer: NodeJS.Timeout | undefined
  private looks = 0

  constructor(
    private readonly standings: Standings,
    private readonly outage: DatabaseOutage,
  ) {}

  /** Calls `end` at most once, and returns how to stop watching. */
  add(me: Principal, end: () => void): () => void {
    const one = { me, end }
    this.watched.add(one)
    this.timer ??= setInterval(() => void this.look(), LOOK_MS)
    return () => this.remove(one)
  }

  onModuleDestroy(): void {
    clearInterval(this.timer)
  }

  /** One query for all. An outage ends nothing: no event can be read from the database meanwhile. */
  private async look(): Promise<void> {
    if (this.looks >= LOOKS_AT_ONCE) return
    this.looks++
    try {
      const asked = [...this.watched]
      const read = await this.standings.read([...new Set(asked.map(({ me }) => me.sessionId))])
      const standings = new Map(read.map((standing) => [standing.sessionId, standing]))
      for (const one of asked)
        if (!isSame(one.me, standings.get(one.me.sessionId)) && this.remove(one)) one.end()
    } catch (error) {
      if (!this.outage.explains(error))
        this.logger.warn({ err: error, msg: 'Cannot check the sessions of open streams' })
    } finally {
      this.looks--
    }
  }

  private remove(one: Watched): boolean {
    const wasThere = this.watched.delete(one)
    if (this.watched.size === 0) {
      clearInterval(this.timer)
      this.timer = undefined
    }
    return wasThere
  }
}

const isSame = (me: Principal, now: Standing | undefined) =>
  me.role === now?.role && me.tenantId === now.tenantId
