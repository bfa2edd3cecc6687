import { Injectable } from '@nestjs/common'
import { Clock } from '../database/clock.js'
import { arrayOf } from '../database/sql-array.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { BODY } from '../stream/event-body.js'
import type { Leased } from './lease.js'

/** For how long after it was read a body can be sent whose email is deleted, besides those in hand. */
const KEPT_MS = 1_000
const MOST_BYTES = 16 * 1024 * 1024

/**
 * What is sent of events: JSON in UTF-8. Webhooks that want the same events are not equally far, so that most bodies were read
 * for another one a moment ago.
 */
@Injectable()
export class EventBodies {
  /** In the order in which they were read. */
  private readonly known = new Map<string, { body: Buffer; readAt: number }>()
  private bytes = 0

  constructor(
    private readonly work: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  /** Those that are gone with their email stay null. */
  async give(deliveries: Leased[]): Promise<void> {
    this.forgetOld()
    const bodies = new Map<string, Buffer>()
    const unknown = new Map<string, number>()
    for (const { id, eventId } of deliveries) {
      if (bodies.has(eventId) || unknown.has(eventId)) continue
      const known = this.known.get(eventId)
      if (known) bodies.set(eventId, known.body)
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
    const readAt = this.clock.now().getTime()
    for (const { id, body: text } of rows) {
      const body = Buffer.from(text)
      bodies.set(id, body)
      this.forget(id)
      this.known.set(id, { body, readAt })
      this.bytes += body.length
    }
  }

  private forgetOld(): void {
    const now = this.clock.now().getTime()
    for (const [id, { readAt }] of this.known) {
      const isPresent = readAt <= now && now - readAt < KEPT_MS // a clock may be set back
      if (isPresent && this.bytes <= MOST_BYTES) return
      this.forget(id)
    }
  }

  private forget(id: string): void {
    this.bytes -= this.known.get(id)?.body.length ?? 0
    this.known.delete(id)
  }
}

const BODIES = `
  select * from (
    select wanted.id, coalesce(
      (select ${BODY} from events e where e.id = wanted.id),
      (select payload::text from webhook_logs where id = wanted.delivery_id)) as body
    from unnest($1::uuid[], $2::bigint[]) as wanted(id, delivery_id)) found
  where body is not null`
