import { Injectable } from '@nestjs/common'
import { LRUCache } from 'lru-cache'
import { Clock } from '../database/clock.js'
import { arrayOf } from '../database/sql-array.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { BODY } from '../stream/event-body.js'
import type { Leased } from './delivery-queue.js'

/** For how long after it was read a body can be sent whose email is deleted, besides those in hand. */
const KEPT_MS = 1_000
const MOST_BYTES = 16 * 1024 * 1024

/**
 * What is sent of events: JSON in UTF-8. Webhooks that want the same events are not equally far, so that most bodies were read
 * for another one a moment ago.
 */
@Injectable()
export class EventBodies {
  private readonly known: LRUCache<string, Buffer>

  constructor(
    private readonly work: UnitOfWork,
    clock: Clock,
  ) {
    this.known = new LRUCache({
      maxSize: MOST_BYTES,
      sizeCalculation: ({ length }) => length + 1,
      ttl: KEPT_MS,
      perf: { now: () => clock.now().getTime() },
    })
  }

  /** Those that are gone with their email stay null. */
  async give(deliveries: Leased[]): Promise<void> {
    this.known.purgeStale()
    const bodies = new Map<string, Buffer>()
    const unknown = new Map<string, number>()
    for (const { id, eventId } of deliveries) {
      if (bodies.has(eventId) || unknown.has(eventId)) continue
      const body = this.known.get(eventId)
      if (body) bodies.set(eventId, body)
      else unknown.set(eventId, id)
    }
    if (unknown.size > 0) await this.read(unknown, bodies)
    for (const delivery of deliveries) delivery.body = bodies.get(delivery.eventId) ?? null
  }

  /** @param wanted events, each with one of its deliveries: with that lies what a sample says */
  private async read(wanted: Map<string, number>, bodies: Map<string, Buffer>): Promise<void> {
    const rows = await this.work.query<{ id: string; body: string }>(BODIES, [
      arrayOf([...wanted.keys()]),
      arrayOf([...wanted.values()]),
    ])
    for (const { id, body } of rows) {
      const bytes = Buffer.from(body)
      bodies.set(id, bytes)
      this.known.set(id, bytes)
    }
  }
}

const BODIES = `
  select * from (
    select wanted.id, coalesce(
      (select ${BODY} from events e where e.id = wanted.id),
      (select payload::text from webhook_logs where id = wanted.delivery_id)) as body
    from unnest($1::uuid[], $2::bigint[]) as wanted(id, delivery_id)) found
  where body is not null`
