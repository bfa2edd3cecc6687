import { Injectable } from '@nestjs/common'
import type { Transaction } from '../database/transaction.js'
import { EVENT_NAMES, type DomainEvent } from '../events/catalogue.js'
import { On } from '../events/on.decorator.js'
import { patternsOf } from './event-patterns.js'
import { KEPT_DAYS } from './outage-rules.js'
import { isGoverned } from './parking.js'
import { WANTS } from './wanted-events.js'
import { WEBHOOK_DELIVERIES, WEBHOOK_RELEASES } from './webhook-work.js'

/** Every event becomes a delivery to each webhook that wants it, in the event's own transaction. */
@Injectable()
export class OutboxListener {
  private readonly heard = new WeakMap<Transaction, DomainEvent[]>()

  /** Written in one statement for all events of the transaction, once they are stored. */
  @On(...EVENT_NAMES)
  enqueue(tx: Transaction, events: DomainEvent[]): void {
    const before = this.heard.get(tx)
    if (before) return void before.push(...events)
    const all = [...events]
    this.heard.set(tx, all)
    tx.atEnd(() => write(tx, all))
  }
}

function write(tx: Transaction, events: DomainEvent[]): void {
  const wanted = events.map(({ id, name, data }) => ({
    id,
    patterns: patternsOf(name),
    about: 'alert' in data ? data.alert.webhookId : null,
  }))
  tx.write<{ areDue: boolean | null; areParked: boolean | null }>(
    ENQUEUE,
    [JSON.stringify(wanted), events[0]!.occurredAt],
    ([found]) => {
      if (found!.areDue) tx.wake(WEBHOOK_DELIVERIES)
      if (found!.areParked) tx.wake(WEBHOOK_RELEASES)
    },
  )
}

/** SQL: webhook `w` wants event `e`, and what it misses is kept. */
const WANTED = `
  ${WANTS} and (w.is_active or w.inactive_since > $2::timestamptz - interval '${KEPT_DAYS} days')`

/**
 * $1: events, $2: their instant.
 *
 * Webhooks stay locked, by as little as their key, until the commit: one that is deleted meanwhile is no broken foreign
 * key, and one whose breaker closes cannot overlook what is parked for it here. Where each email's events go in order,
 * the one before is locked as well: it cannot be over without knowing of this one.
 */
const ENQUEUE = `
  with addressed as materialized (
    -- Ids are given here: joining by them what was just inserted, PostgreSQL would guess a few rows and loop.
    select nextval('webhook_logs_id_seq') as id, wanting.* from (
      select w.id as webhook_id, ${isGoverned('$2::timestamptz')} as is_governed, e.id as event_id, e.name,
             case when w.ordering = 'email' then e.email_id end as email_id, ahead.found is not null as follows
      from json_to_recordset($1) as wanted(id uuid, patterns text[], about bigint)
      -- Each by its key, and the tenant's webhooks for each: a plan that is kept might read all events, or all webhooks.
      cross join lateral (select * from events where id = wanted.id offset 0) e
      cross join lateral (select * from webhooks w where ${WANTED} for key share) w
      left join lateral (
        select 1 as found from webhook_queue q
        where w.ordering = 'email' and q.webhook_id = w.id and q.email_id = e.email_id limit 1 for share) ahead on true
      order by e.seq, w.id) wanting),
  logged as (
    insert into webhook_logs (id, webhook_id, event_id, event_type, attempts, created_at)
    overriding system value select id, webhook_id, event_id, name, 0, $2 from addressed),
  queued as (
    insert into webhook_queue (delivery_id, webhook_id, event_id, due_at, email_id)
    select id, webhook_id, event_id,
           case when not is_governed and not follows and (email_id is null
             or row_number() over (partition by webhook_id, email_id order by id) = 1) then $2::timestamptz end,
           email_id
    from addressed
    returning due_at)
  select bool_or(due_at is not null) as "areDue", bool_or(due_at is null) as "areParked" from queued`
