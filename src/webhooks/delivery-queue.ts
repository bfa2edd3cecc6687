import { randomUUID } from 'node:crypto'
import { Injectable } from '@nestjs/common'
import { LRUCache } from 'lru-cache'
import { Clock } from '../database/clock.js'
import { arrayOf } from '../database/sql-array.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { BODY } from '../stream/event-body.js'

/** A delivery in the hands of one worker, until its lease ends. */
export interface Leased {
  id: number
  webhookId: number
  /** Of the webhook's settings: what this worker may know of them from before. */
  version: number
  eventId: string
  leaseToken: string
  /** On `performance`'s clock, at the latest. */
  leasedAt: number
  /** Attempts that failed before this one and count. */
  failures: number
  /** Its email's events go in order. */
  isOrdered: boolean
  /** JSON in UTF-8, shared with the other deliveries of its event; null where that is gone, with its email. */
  body: Buffer | null
  /** How many of its webhook the claim might have taken. */
  quota: number
}

/** What was leased of a webhook, or with an `eventId` the body of an event. */
interface ClaimedRow {
  webhookId: number
  version: number
  quota: number
  deliveries: string | null
  eventId: string | null
  body: string | null
}

type ClaimedDelivery = [id: number, eventId: string, failures: number, isOrdered: boolean]

/** Longer than WEBHOOK_TIMEOUT_MS may be: while an attempt is under way nobody else takes its row. */
export const LEASE_SECONDS = 30

/** For how long after the claim that read it a body can be sent whose email is deleted, besides those in hand. */
const BODIES_KEPT_MS = 1_000
/** As far as one webhook is usually behind another, twice over; each is told to PostgreSQL with every claim. */
const MOST_BODIES = 500
const MOST_BODY_BYTES = 16 * 1024 * 1024

/** What is due, by webhook. */
@Injectable()
export class DeliveryQueue {
  /** Of the last claims, by event. Webhooks that want the same events are not equally far: most bodies were just read. */
  private readonly bodies: LRUCache<string, Buffer>

  constructor(
    private readonly work: UnitOfWork,
    private readonly clock: Clock,
  ) {
    this.bodies = new LRUCache({
      max: MOST_BODIES,
      maxSize: MOST_BODY_BYTES,
      sizeCalculation: ({ length }) => length + 1,
      ttl: BODIES_KEPT_MS,
      perf: { now: () => clock.now().getTime() },
    })
  }

  /**
   * Leases due deliveries, of many webhooks in turn whatever the backlog of one.
   *
   * @param rooms how many more this worker may hold of the webhooks it has some of; `room` is for every other one
   */
  async claim(limit: number, room: number, rooms: Map<number, number>): Promise<Leased[]> {
    const leaseToken = randomUUID()
    const leasedAt = performance.now()
    this.bodies.purgeStale()
    const known = new Map<string, Buffer | null>(this.bodies.entries())
    // One statement is a transaction, and one turn of a busy event loop less than a BEGIN and a COMMIT.
    const rows = await this.work.query<ClaimedRow>(claimSql(this.clock.sqlNow), [
      limit,
      room,
      [...rooms.keys()],
      [...rooms.values()],
      leaseToken,
      arrayOf([...known.keys()]),
    ])
    for (const { eventId, body } of rows) if (eventId !== null) known.set(eventId, this.learn(eventId, body))
    const leased: Leased[] = []
    for (const { webhookId, version, quota, deliveries } of rows)
      for (const [id, eventId, failures, isOrdered] of JSON.parse(deliveries ?? '[]') as ClaimedDelivery[]) {
        const body = known.get(eventId)!
        leased.push({
          ...{ id, webhookId, version, eventId, leaseToken, leasedAt },
          ...{ failures, isOrdered, body, quota },
        })
      }
    return leased
  }

  private learn(eventId: string, body: string | null): Buffer | null {
    if (body === null) return null
    const bytes = Buffer.from(body)
    this.bodies.set(eventId, bytes)
    return bytes
  }

  /** @param but webhooks whose queue does not matter now */
  async msUntilNextDue(but: number[]): Promise<number | null> {
    const [row] = await this.work.query<{ ms: number | null }>(nextDueSql(this.clock.sqlNow), [but])
    return row!.ms
  }
}

/** SQL: nobody has it in hand, or its worker is gone. */
export const isFree = (sqlNow: string) => `(leased_until is null or leased_until <= ${sqlNow})`

/**
 * The webhooks that have something free and not parked, with the instant at which the first of it is due: each found by
 * steps in the index, however long their queues are. PostgreSQL has no such scan of its own for this, hence the recursion.
 * It steps backwards, to the last of each queue: before the first there may be hundreds that have just gone.
 */
const freeSql = (sqlNow: string) => `
  steps as (
    (select webhook_id from webhook_queue
     where due_at is not null order by webhook_id desc, due_at desc, delivery_id desc limit 1)
    union all
    select next.* from steps s cross join lateral (
      select q.webhook_id from webhook_queue q where q.due_at is not null and q.webhook_id < s.webhook_id
      order by q.webhook_id desc, q.due_at desc, q.delivery_id desc limit 1) next),
  free as (
    select steps.webhook_id, w.version, first.* from steps
      cross join lateral (
        select version, coalesce(parked_before, '-infinity') as due_from from webhooks where id = steps.webhook_id offset 0) w
      cross join lateral (
        select due_at, delivery_id as id from webhook_queue
        where webhook_id = steps.webhook_id and due_at >= w.due_from and ${isFree(sqlNow)}
        order by due_at, delivery_id limit 1) first)`

/**
 * Rows are found by their places and keys, one by one: plans are kept, also those made while the tables were small, and
 * would read them whole once they are not. What is leased comes as a row a webhook with its deliveries in JSON, which Node
 * reads faster than rows of their own. The body of each event comes once, for however many webhooks, in rows without one.
 *
 * $1: how many, $2: of each webhook, $3, $4: but of these so many, $5: the fencing token, $6: events whose bodies are known.
 */
export const claimSql = (sqlNow: string) => `
  with recursive ${freeSql(sqlNow)},
  lanes as (
    select free.*, least(coalesce(held.room, $2), greatest(1, $1 / count(*) over ())) as quota
    from free left join unnest($3::bigint[], $4::integer[]) as held(webhook_id, room) using (webhook_id)
    where free.due_at <= ${sqlNow} and coalesce(held.room, $2) > 0
    order by random() limit $1),
  due as (
    select q.*, lanes.version, lanes.quota from lanes cross join lateral (
      select ctid as place from webhook_queue
      where webhook_id = lanes.webhook_id and (due_at, delivery_id) >= (lanes.due_at, lanes.id) and due_at <= ${sqlNow}
        and ${isFree(sqlNow)}
      order by due_at, delivery_id limit lanes.quota for update skip locked) q),
  leased as (
    update webhook_queue q set lease_token = $5, leased_until = ${sqlNow} + interval '${LEASE_SECONDS} seconds'
    from due where q.ctid = due.place -- which stays, since the row is locked
    returning q.delivery_id as id, q.webhook_id, due.version, q.event_id, q.failures, q.email_id is not null as is_ordered,
      due.quota::integer as quota)
  select webhook_id as "webhookId", version, quota,
    '[' || string_agg('[' || id || ',"' || event_id || '",' || failures || ',' || is_ordered || ']', ',' order by id) || ']'
      as deliveries, null as "eventId", null as body
  from leased group by webhook_id, version, quota
  union all
  select null, null, null, null, event_id,
    coalesce((select ${BODY} from events e where id = event_id), (select payload::text from webhook_logs where id = one.id))
  from (
    select event_id, min(id) as id from leased
    where event_id not in (select unnest($6::uuid[])) group by event_id) one`

export const nextDueSql = (sqlNow: string) => `
  with recursive ${freeSql(sqlNow)}
  select extract(epoch from min(due_at) - ${sqlNow})::float8 * 1000 as ms
  from free where webhook_id <> all($1::bigint[])`
