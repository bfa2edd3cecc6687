import { IS_GOVERNED } from './parking.js'
import { DEACTIVATE_AFTER_DAYS, FAILURES_TO_OPEN } from './outage-rules.js'

/** How a webhook stands after outcomes of its deliveries were recorded. */
export interface WebhookStanding {
  webhookId: number
  breaker: 'closed' | 'open' | 'draining'
  /** Deliveries that have failed since the last success, at most `FAILURES_TO_OPEN`. */
  failing: number
  hasFailedTooLong: boolean
  hasSucceeded: boolean
  isGone: boolean
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
 * $1: outcomes, in the order in which they came, of webhooks that are held.
 *
 * A failure of one whose breaker is open only asked whether it is back: its delivery is parked again, and has lost no
 * attempt. One that is inactive is not tried again until it is resumed. Rows are locked by their keys and then found by
 * their places, one by one: plans are kept, also those made while the tables were small, and would read them whole once
 * they are not.
 */
export const recordSql = (sqlNow: string) => `
  with outcome as materialized (
    select * from rows from (json_to_recordset($1) as (id bigint, "webhookId" bigint, "leaseToken" uuid,
      "startedAt" timestamptz(3), "durationMs" integer, "statusCode" integer, error text, detail text,
      "responseBody" text, "isSuccess" boolean, "isGone" boolean, "retryInMs" bigint)) with ordinality
      as o(id, "webhookId", "leaseToken", "startedAt", "durationMs", "statusCode", error, detail, "responseBody",
        "isSuccess", "isGone", "retryInMs", n) order by id),
  ours as materialized (
    select o.*, q.place, l.log, w.breaker = 'open' and not o."isSuccess" and not o."isGone" as parks,
           w.is_active, q.email_id
    from outcome o
    cross join lateral (select breaker, is_active from webhooks where id = o."webhookId" offset 0) w
    cross join lateral (
      select ctid as place, email_id from webhook_queue where delivery_id = o.id and lease_token = o."leaseToken" for update) q
    cross join lateral (select ctid as log from webhook_logs where id = o.id for no key update) l),
  judged as materialized (
    select *, case when "isSuccess" then 'success' when parks or "retryInMs" is not null then 'pending' else 'failed' end
      as status from ours),
  over as (delete from webhook_queue q using judged j where q.ctid = j.place and j.status <> 'pending'),
  again as (
    update webhook_queue q
    set lease_token = null,
        due_at = case when j.is_active and not j.parks then ${sqlNow} + j."retryInMs" * interval '1 millisecond' end,
        failures = q.failures + (not j.parks)::integer, probes = q.probes + j.parks::integer
    from judged j where q.ctid = j.place and j.status = 'pending'),
  logged as (
    update webhook_logs l
    set status = j.status, status_code = j."statusCode", response_body = j."responseBody", attempts = l.attempts + 1,
        error_message = case when not j."isSuccess" then j.error end,
        completed_at = case when j.status <> 'pending' then ${sqlNow} end
    from judged j where l.ctid = j.log
    returning l.id, l.attempts, j."startedAt", j."durationMs", j."statusCode", j.error, j.detail, j."responseBody"),
  tried as (
    insert into webhook_attempts (delivery_id, number, started_at, duration_ms, status_code, error, detail, response_body)
    select * from logged),
  lately as (
    select *, max(n) filter (where "isSuccess") over (partition by "webhookId") as success from judged),
  heard as (
    select "webhookId", max(success) is not null as succeeded, bool_or("isGone") as gone,
           (array_agg(error order by n desc))[1] as error, (array_agg("isSuccess" order by n desc))[1] as well,
           coalesce(array_agg(id order by n) filter (where n > coalesce(success, 0) and not "isSuccess"), '{}') as failed,
           array_agg(email_id) filter (where email_id is not null and status <> 'pending') as over
    from lately group by "webhookId")
  update webhooks w
  set last_triggered_at = ${sqlNow}, last_status = case when h.well then 'success' else 'failed' end,
      last_error = case when not h.well then h.error end,
      failing = f.failing, failing_since = case when f.failing = '{}' then null when h.succeeded then ${sqlNow}
        else coalesce(w.failing_since, ${sqlNow}) end,
      failing_from = case when f.failing = '{}' then null when h.succeeded then f.lowest
        else least(w.failing_from, f.lowest) end
  from heard h
  cross join lateral (select ctid as place, failing from webhooks where id = h."webhookId" offset 0) before
  cross join lateral (
    select coalesce(array_agg(id) filter (where n <= ${FAILURES_TO_OPEN}), '{}') as failing, min(id) as lowest
    from (select id, row_number() over (order by min(n)) as n
          from unnest(case when h.succeeded then '{}' else before.failing end || h.failed) with ordinality as u(id, n)
          group by id) one) f
  where w.ctid = before.place
  returning w.id as "webhookId", w.breaker, cardinality(w.failing) as failing,
    coalesce(w.failing_since <= ${sqlNow} - interval '${DEACTIVATE_AFTER_DAYS} days', false) as "hasFailedTooLong",
    h.succeeded as "hasSucceeded", h.gone as "isGone", h.over as "emailsOver"`

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
    join webhooks w on w.id = n.webhook_id and not ${IS_GOVERNED}
    order by n.webhook_id, n.email_id, n.delivery_id) first
  where q.delivery_id = first.delivery_id and q.due_at is null`

export const giveBackSql = (sqlNow: string) => `
  update webhook_queue q set due_at = ${sqlNow}, lease_token = null
  from unnest($1::bigint[], $2::uuid[]) as unused(id, token)
  where q.delivery_id = unused.id and q.lease_token = unused.token`
