import { FINAL_ERRORS } from './attempt-error.js'
import { OUTCOME_COLUMNS } from './outcome.js'
import { isGoverned } from './parking.js'
import { DEACTIVATE_AFTER_DAYS, FAILURES_TO_OPEN, PATIENT_HOURS } from './outage-rules.js'

/** How a webhook stands after outcomes of its deliveries were recorded. */
export interface WebhookStanding {
  webhookId: number
  breaker: 'closed' | 'open' | 'draining'
  /** Deliveries that have failed since the last success, at most `FAILURES_TO_OPEN`. */
  failing: number
  hasFailedTooLong: boolean
  hasSucceeded: boolean
  isGone: boolean
  /** Its receiver has asked for time. */
  isHeld: boolean
  /** When it last did so, while that holds. */
  heldSince: Date | null
  /** Of its settings, now. */
  version: number
  /**
   * Emails of which an event is over, where they go in order. As the queue says: the claim may have been before that.
   * Text, as pg gives arrays of bigint.
   */
  emailsOver: string[] | null
}

/**
 * $1: webhooks. Locked before their deliveries, as a deletion locks them, and in one order: all else deadlocks. In a
 * statement of its own, so that the next one sees what others recorded while this one waited.
 */
export const HOLD = `select 1 from webhooks where id = any($1) order by id for no key update`

/**
 * $1: deliveries whose emails' events go in order. Who enqueues an email's next event locks the one before, of each webhook:
 * in the order of ids, as here.
 */
export const HOLD_ORDERED = `select 1 from webhook_queue where delivery_id = any($1) order by delivery_id for update`

/**
 * Until the end of the transaction rows are found by their keys, one by one: plans are kept, also those made while the
 * tables were small, and with other kinds of joins would read them whole once they are not.
 */
export const BY_KEYS = `select set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)`

/**
 * Outcomes, in the order in which they came, of webhooks that are held. In arrays, a column each: parsing them takes
 * PostgreSQL half as long as JSON.
 *
 * A failure of one whose breaker is open only asked whether it is back: its delivery is parked again, and has lost no
 * attempt. One that is inactive is not tried again until it is resumed.
 *
 * Where the receiver asks for time, the webhook is held until then, and the delivery has lost no attempt; nor has it failed,
 * unless the receiver has asked for nothing but time for too long. It comes no earlier than it would have come anyway. What was
 * asked for at a URL that is the webhook's no longer holds nothing.
 *
 * Who tests does not speak for the webhook, and waits for the answer: a test that fails is over, and is no failure of it.
 *
 * Run after `BY_KEYS`.
 */
export const recordSql = (sqlNow: string) => `
  with judged as materialized (
    select o.*, w.is_active, w.is_test, w.parks, w.asks, w.waits,
           not is_success and error <> 'event_gone' and not w.waits and not w.is_test as has_failed,
           case when is_success then 'success' when parks or waits or retry_ms is not null then 'pending'
             else 'failed' end as status
    from unnest(${Object.values(OUTCOME_COLUMNS).map((type, index) => `$${index + 1}::${type}[]`)})
      with ordinality as o(${Object.keys(OUTCOME_COLUMNS)}, n)
    -- How its webhook stands matters to a failure only.
    left join lateral (
      select is_active, is_test, asks, breaker = 'open' and not is_test and o.error <> all ('{${FINAL_ERRORS}}') as parks,
             asks and coalesce(throttled_since > ${sqlNow} - interval '${PATIENT_HOURS} hours', true) as waits
      from webhooks
      cross join lateral (select is_test from webhook_logs where id = o.id offset 0) l
      cross join lateral (select o.hold_ms is not null and o.asked_by = url and not is_test as asks) a
      where not o.is_success and id = o.webhook_id offset 0) w on true),
  over as (
    delete from webhook_queue q using judged j
    where q.delivery_id = j.id and q.lease_token = j.lease_token and j.status <> 'pending'
    returning j.*, q.email_id),
  again as (
    update webhook_queue q
    set lease_token = null, leased_until = null,
        due_at = case when j.is_active and not j.parks and (not j.waits or j.retry_ms > j.hold_ms) 
          then ${sqlNow} + greatest(j.retry_ms, case when j.asks then j.hold_ms end) * interval '1 millisecond' end,
        failures = q.failures + (not j.parks and not j.waits)::integer, probes = q.probes + j.parks::integer
    from judged j where q.delivery_id = j.id and q.lease_token = j.lease_token and j.status = 'pending'
    returning j.*, null::bigint as email_id),
  ours as (select * from over union all select * from again),
  logged as (
    update webhook_logs l
    set status = j.status, status_code = j.status_code, response_body = j.response_body, attempts = l.attempts + 1,
        error_message = case when not j.is_success then j.error end,
        completed_at = case when j.status <> 'pending' then ${sqlNow} end
    from ours j where l.id = j.id
    returning l.id, l.attempts, to_timestamp(j.started_ms / 1000), j.duration_ms, j.status_code, j.error, j.detail,
      j.response_body),
  tried as (
    insert into webhook_attempts (delivery_id, number, started_at, duration_ms, status_code, error, detail, response_body)
    select * from logged),
  heard as (
    select webhook_id, max(n) filter (where is_success) as success, coalesce(bool_or(error = 'gone'), false) as gone,
           array_agg(n order by n) filter (where has_failed) as places,
           array_agg(id order by n) filter (where has_failed) as failed,
           array_agg(error order by n) filter (where has_failed or waits or is_test) as errors,
           max(hold_ms) filter (where asks) as hold_ms,
           array_agg(email_id) filter (where email_id is not null) as over,
           coalesce(max(n) filter (where is_success) = max(n), false) as well
    from ours group by webhook_id)
  update webhooks w
  set last_triggered_at = ${sqlNow}, last_status = case when h.well then 'success' else 'failed' end,
      last_error = case when not h.well then h.errors[cardinality(h.errors)] end,
      failing = f.failing, failing_since = case when f.failing = '{}' then null when h.success is not null then ${sqlNow}
        else coalesce(w.failing_since, ${sqlNow}) end,
      failing_from = case when f.failing = '{}' then null when h.success is not null then f.lowest
        else least(w.failing_from, f.lowest) end,
      held_until = case when t.holds then greatest(w.held_until, ${sqlNow} + h.hold_ms * interval '1 millisecond')
        else w.held_until end,
      held_since = case when t.holds then ${sqlNow} else w.held_since end,
      throttled_since = case when t.holds and h.success is null then coalesce(w.throttled_since, ${sqlNow})
        when t.holds then ${sqlNow} when h.success is null then w.throttled_since end,
      -- What it misses goes out once it may, as after an outage.
      breaker = case when t.holds and w.breaker = 'closed' then 'draining' else w.breaker end
  from heard h
  cross join lateral (
    select ctid as place, failing, is_active from webhooks where id = h.webhook_id offset 0) before
  cross join lateral (select before.is_active and h.hold_ms is not null as holds) t
  cross join lateral (
    -- Different ones, in the order in which they first failed since the last success.
    select coalesce(array_agg(id) filter (where place <= ${FAILURES_TO_OPEN}), '{}') as failing, min(id) as lowest
    from (select id, row_number() over (order by min(n)) as place
          from (select id, n - ${FAILURES_TO_OPEN + 1} as n from unnest(before.failing) with ordinality as u(id, n)
                where h.success is null
                union all
                select * from unnest(h.failed, h.places) as u(id, n) where n > coalesce(h.success, 0)) failures
          group by id) one) f
  where w.ctid = before.place
  returning w.id as "webhookId", w.breaker, cardinality(w.failing) as failing,
    coalesce(w.failing_since <= ${sqlNow} - interval '${DEACTIVATE_AFTER_DAYS} days', false) as "hasFailedTooLong",
    h.success is not null as "hasSucceeded", h.gone as "isGone", t.holds as "isHeld",
    case when w.held_until > ${sqlNow} then w.held_since end as "heldSince",
    w.version, h.over as "emailsOver"`

/**
 * Of each email whose event is over, the next one may go. In a statement of its own: one that came meanwhile had locked
 * the one before, and is seen only now. What is governed waits for its release.
 */
export const nextInOrderSql = (sqlNow: string) => `
  update webhook_queue q set due_at = ${sqlNow}
  from (
    select distinct on (n.webhook_id, n.email_id) n.delivery_id, n.due_at
    from unnest($1::bigint[], $2::bigint[]) as done(webhook_id, email_id)
    join webhook_queue n on n.webhook_id = done.webhook_id and n.email_id = done.email_id
    join webhooks w on w.id = n.webhook_id and not ${isGoverned(sqlNow)}
    order by n.webhook_id, n.email_id, n.delivery_id) first
  where q.delivery_id = first.delivery_id and q.due_at is null`
