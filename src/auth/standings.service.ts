import { Injectable } from '@nestjs/common'
import { LRUCache } from 'lru-cache'
import { UnitOfWork } from '../database/unit-of-work.js'
import type { Principal } from '../http/principal.js'

/** Who a live session stands for, as the database says: a token's own words may be 15 minutes old. */
export interface Standing extends Omit<Principal, 'expiresAt'> {
  /** When that was so, in seconds since 1970 by the database's clock. */
  readAt: number
}

/** How long an answer counts, from the start of its reading: what ended before a reading began is never seen by it. */
const COUNTS_MS = 500

/** What the sessions stand for that are asked about, read at most twice a second each. */
@Injectable()
export class Standings {
  private readonly readings = new LRUCache<string, Promise<Standing | undefined>>({
    max: 10_000,
    ttl: COUNTS_MS,
  })

  constructor(private readonly work: UnitOfWork) {}

  /** None for a session that has ended, or whose user is gone. @param sessionId a UUID */
  of(sessionId: string): Promise<Standing | undefined> {
    const known = this.readings.get(sessionId)
    if (known) return known
    const reading = this.read([sessionId]).then(([standing]) => standing)
    // Kept from its start, so that `forget` also forgets a reading under way.
    this.readings.set(sessionId, reading)
    reading.catch(() => {
      if (this.readings.peek(sessionId) === reading) this.readings.delete(sessionId)
    })
    return reading
  }

  /** Of those sessions that are live: one query, whatever is known. */
  read(sessionIds: string[]): Promise<Standing[]> {
    return this.work.query<Standing>(
      `select s.id as "sessionId", u.id as "userId", coalesce(u.owner_id, u.id) as "tenantId", u.role,
              extract(epoch from now())::float8 as "readAt"
       from session s join "user" u on u.id = s.user_id
       where s.id = any($1::uuid[]) and s.expires_at > now()`,
      [sessionIds],
    )
  }

  /** After the commit that ended the session: this process refuses it at once. */
  forget(sessionId: string): void {
    this.readings.delete(sessionId)
  }
}
