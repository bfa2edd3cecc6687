import { randomUUID } from 'node:crypto'
import { Injectable } from '@nestjs/common'
import { Clock } from '../database/clock.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { EventBodies } from './event-bodies.js'
import { GIVE_BACK, isFree, LEASE_SECONDS, type Leased } from './lease.js'
import { QueuePlaces } from './queue-places.js'

/** What was leased of a webhook and is alike: almost always all. */
interface ClaimedRow {
  webhookId: number
  version: number
  quota: number
  failures: number
  isOrdered: boolean
  /** When the last of them was due, in milliseconds. */
  dueMs: number
  /** JSON: each delivery's id, followed by its event's. In the queue's order, which PostgreSQL keeps, though none is asked for. */
  deliveries: string
}

/** What is due, by webhook. */
@Injectable()
export class DeliveryQueue {
  private readonly places = new QueuePlaces()

  constructor(
    private readonly work: UnitOfWork,
    private readonly clock: Clock,
    private readonly bodies: EventBodies,
  ) {}

  /**
   * Leases due deliveries, of many webhooks in turn whatever the backlog of one.
   *
   * @param rooms how many more this worker may hold of the webhooks it has some of; `room` is for every other one
   */
  async claim(limit: number, room: number, rooms: Map<number, number>): Promise<Leased[]> {
    const leaseToken = randomUUID()
    const leasedAt = performance.now()
    // One statement is a transaction, and one turn of a busy event loop less than a BEGIN and a COMMIT.
    const rows = await this.work.query<ClaimedRow>(claimSql(this.clock.sqlNow), [
      limit,
      room,
      [...rooms.keys()],
      [...rooms.values()],
      leaseToken,
      ...this.places.columns(this.clock.now().getTime()),
    ])
    const leased = rows.map((row) => leasedOf(row, leaseToken, leasedAt))
    const taken = rows.map((row, at) => ({
      ...row,
      count: leased[at]!.length,
      lastId: leased[at]!.at(-1)!.id,
    }))
    this.places.took(taken, rooms)
    return this.withBodies(leased.flat().sort((a, b) => a.id - b.id))
  }

  /** They are leased by now: where their bodies cannot be read, another may take them at once, if the database hears that. */
  private async withBodies(leased: Leased[]): Promise<Leased[]> {
    try {
      await this.bodies.give(leased)
      return leased
    } catch (error) {
      const unused = [leased.map(({ id }) => id), leased.map(({ leaseToken }) => leaseToken)]
      await this.work.query(GIVE_BACK, unused).catch(() => {})
      throw error
    }
  }

  /** @param but webhooks whose queue does not matter now */
  async msUntilNextDue(but: number[]): Promise<number | null> {
    const [row] = await this.work.query<{ ms: number | null }>(nextDueSql(this.clock.sqlNow), [but])
    return row!.ms
  }
}

/**
 * The webhooks that have something free and not parked, with the instant at which the first of it is due: each found by
 * steps in the index, however long their queues are. PostgreSQL has no such scan of its own for this, hence the recursion.
 * It steps backwards, to the last of each queue: before the first there may be hundreds that have just gone.
 *
 * @param places SQL: webhooks in whose queue is looked only after an instant and a delivery
 */
const freeSql = (sqlNow: string, places: string) => `
  places(webhook_id, due_at, id) as (${places}),
  steps as (
    (select webhook_id from webhook_queue
     where due_at is not null order by webhook_id desc, due_at desc, delivery_id desc limit 1)
    union all
    select next.* from steps s cross join lateral (
      select q.webhook_id from webhook_queue q where q.due_at is not null and q.webhook_id < s.webhook_id
      order by q.webhook_id desc, q.due_at desc, q.delivery_id desc limit 1) next),
  free as (
    select steps.webhook_id, w.version, first.* from steps left join places using (webhook_id)
      cross join lateral (
        select version, coalesce(parked_before, '-infinity') as due_from from webhooks where id = steps.webhook_id offset 0) w
      cross join lateral (
        select due_at, delivery_id as id from webhook_queue
        where webhook_id = steps.webhook_id and due_at >= w.due_from and ${isFree(sqlNow)}
          and (due_at, delivery_id) > (coalesce(places.due_at, '-infinity'), coalesce(places.id, 0))
        order by due_at, delivery_id limit 1) first)`

/**
 * Rows are found by their places and keys, one by one: plans are kept, also those made while the tables were small, and
 * would read them whole once they are not. What is leased comes as a row a webhook with its deliveries in JSON, which Node
 * reads faster than rows of their own.
 *
 * $1: how many, $2: of each webhook, $3, $4: but of these so many, $5: the fencing token, $6, $7, $8: `QueuePlaces.columns`.
 */
export const claimSql = (sqlNow: string) => `
  with recursive ${freeSql(sqlNow, PLACES)},
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
      q.due_at, due.quota::integer as quota)
  select webhook_id as "webhookId", version, quota, failures, is_ordered as "isOrdered",
    extract(epoch from max(due_at))::float8 * 1000 as "dueMs", '[' || string_agg(id || ',"' || event_id, '",') || '"]' as deliveries
  from leased group by webhook_id, version, quota, failures, is_ordered`

export const nextDueSql = (sqlNow: string) => `
  with recursive ${freeSql(sqlNow, NO_PLACES)}
  select extract(epoch from min(due_at) - ${sqlNow})::float8 * 1000 as ms
  from free where webhook_id <> all($1::bigint[])`

const PLACES = `
  select webhook_id, to_timestamp(due_ms / 1000), id
  from unnest($6::bigint[], $7::float8[], $8::bigint[]) as place(webhook_id, due_ms, id)`
const NO_PLACES = 'select null::bigint, null::timestamptz, null::bigint where false'

function leasedOf({ deliveries, ...alike }: ClaimedRow, leaseToken: string, leasedAt: number): Leased[] {
  const { webhookId, version, quota, failures, isOrdered } = alike
  const ids = JSON.parse(deliveries) as (number | string)[]
  const leased: Leased[] = []
  for (let at = 0; at < ids.length; at += 2)
    leased.push({
      id: ids[at] as number,
      webhookId,
      version,
      eventId: ids[at + 1] as string,
      leaseToken,
      leasedAt,
      failures,
      isOrdered,
      body: null,
      quota,
    })
  return leased
}
