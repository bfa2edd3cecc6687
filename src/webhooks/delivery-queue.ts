import { randomUUID } from 'node:crypto'
import { Injectable } from '@nestjs/common'
import { Clock } from '../database/clock.js'
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
  /** Attempts that failed before this one and count. */
  failures: number
  /** Its email's events go in order. */
  isOrdered: boolean
  /** Null where its event is gone, with its email. */
  body: string | null
  /** How many of its webhook the claim might have taken. */
  quota: number
}

/** Longer than WEBHOOK_TIMEOUT_MS may be: while an attempt is under way nobody else takes its row. */
export const LEASE_SECONDS = 30

/** What is due, by webhook. */
@Injectable()
export class DeliveryQueue {
  constructor(
    private readonly work: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  /**
   * Leases due deliveries, of many webhooks in turn whatever the backlog of one.
   *
   * @param rooms how many more this worker may hold of the webhooks it has some of; `room` is for every other one
   */
  claim(limit: number, room: number, rooms: Map<number, number>): Promise<Leased[]> {
    // One statement is a transaction, and one turn of a busy event loop less than a BEGIN and a COMMIT.
    return this.work.query<Leased>(claimSql(this.clock.sqlNow), [
      limit,
      room,
      [...rooms.keys()],
      [...rooms.values()],
      randomUUID(),
    ])
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
 */
const freeSql = (sqlNow: string) => `
  steps as (
    (select webhook_id, due_at from webhook_queue where due_at is not null order by webhook_id, due_at limit 1)
    union all
    select next.* from steps s cross join lateral (
      select q.webhook_id, q.due_at from webhook_queue q
      where q.due_at is not null and q.webhook_id > s.webhook_id order by q.webhook_id, q.due_at limit 1) next),
  free as (
    select steps.webhook_id, w.version, w.due_from, first.due_at from steps
      cross join lateral (
        select version, coalesce(parked_before, '-infinity') as due_from from webhooks where id = steps.webhook_id offset 0) w
      cross join lateral (
        select due_at from webhook_queue
        where webhook_id = steps.webhook_id and due_at >= w.due_from and ${isFree(sqlNow)} order by due_at limit 1) first)`

/**
 * Rows are found by their places and keys, one by one: plans are kept, also those made while the tables were small, and
 * would read them whole once they are not.
 *
 * $1: how many, $2: of each webhook, $3, $4: but of these so many, $5: the fencing token.
 */
export const claimSql = (sqlNow: string) => `
  with recursive ${freeSql(sqlNow)},
  lanes as (
    select free.webhook_id, free.version, free.due_from, least(coalesce(held.room, $2), greatest(1, $1 / count(*) over ())) as quota
    from free left join unnest($3::bigint[], $4::integer[]) as held(webhook_id, room) using (webhook_id)
    where free.due_at <= ${sqlNow} and coalesce(held.room, $2) > 0
    order by random() limit $1),
  due as (
    select q.*, lanes.version, lanes.quota from lanes cross join lateral (
      select ctid as place, event_id from webhook_queue
      where webhook_id = lanes.webhook_id and due_at between lanes.due_from and ${sqlNow} and ${isFree(sqlNow)}
      order by due_at, delivery_id limit lanes.quota for update skip locked) q),
  leased as (
    update webhook_queue q set lease_token = $5, leased_until = ${sqlNow} + interval '${LEASE_SECONDS} seconds'
    from due left join lateral (select ${BODY} as body from events e where id = due.event_id offset 0) e on true
    where q.ctid = due.place -- which stays, since the row is locked
    returning q.delivery_id as id, q.webhook_id as "webhookId", due.version, q.event_id as "eventId",
      q.lease_token as "leaseToken", q.failures, q.email_id is not null as "isOrdered",
      due.quota::integer as quota,
      coalesce(e.body, (select payload::text from webhook_logs where id = q.delivery_id)) as body)
  select * from leased`

export const nextDueSql = (sqlNow: string) => `
  with recursive ${freeSql(sqlNow)}
  select extract(epoch from min(due_at) - ${sqlNow})::float8 * 1000 as ms
  from free where webhook_id <> all($1::bigint[])`
