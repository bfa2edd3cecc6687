import { arrayOf } from '../database/sql-array.js'
import type { Tried } from './outcome.js'

/**
 * How plain successes are recorded, by far the most of all outcomes, where their webhook has had no others: in a few small
 * statements that take less than the one that can tell everything else. They are sent together and take for granted
 * that every delivery is still ours and as it was: where `LET_GO` finds fewer, all is rolled back. Run after `BY_KEYS` and `HOLD`.
 */

/**
 * $1: deliveries, $2: the fencing token of all of them. Its count of rows says how many were ours, and none by now one of
 * those that go in their email's order.
 */
export const LET_GO = `
  delete from webhook_queue where delivery_id = any($1::bigint[]) and lease_token = $2 and email_id is null`

export const logSql = (sqlNow: string) => `
  with logged as (
    update webhook_logs l
    set status = 'success', status_code = o.status_code, response_body = o.response_body, attempts = l.attempts + 1,
        error_message = null, completed_at = ${sqlNow}
    from unnest($1::bigint[], $2::float8[], $3::integer[], $4::integer[], $5::text[])
      as o(id, started_ms, duration_ms, status_code, response_body)
    where l.id = o.id
    returning l.id, l.attempts, to_timestamp(o.started_ms / 1000), o.duration_ms, o.status_code, o.response_body)
  insert into webhook_attempts (delivery_id, number, started_at, duration_ms, status_code, response_body)
  select * from logged`

/** The parameters of `logSql`, in the order of their rows: those that lie together follow each other. */
export function logColumns(plain: Tried[]): unknown[] {
  const inPlace = plain.toSorted((a, b) => a.delivery.id - b.delivery.id)
  return [
    arrayOf(inPlace.map(({ delivery }) => delivery.id)),
    arrayOf(inPlace.map(({ startedAt }) => startedAt.getTime())),
    arrayOf(inPlace.map(({ attempt }) => attempt.durationMs)),
    arrayOf(inPlace.map(({ attempt }) => attempt.statusCode)),
    inPlace.map(({ attempt }) => attempt.responseBody),
  ]
}

/**
 * $1: webhooks. Says so where something else is known of one, or nothing for a second: a busy one's row would have a new
 * version with every few deliveries. Answers with the `WebhookStanding` of those.
 */
export const wellSql = (sqlNow: string) => `
  update webhooks
  set last_triggered_at = ${sqlNow}, last_status = 'success', last_error = null,
      failing = '{}', failing_since = null, failing_from = null, throttled_since = null
  where id = any($1) and (breaker = 'open' or failing <> '{}' or last_status is distinct from 'success'
    or last_triggered_at <= ${sqlNow} - interval '1 second')
  returning id as "webhookId", breaker, 0 as failing, false as "hasFailedTooLong", true as "hasSucceeded",
    false as "isGone", false as "isHeld", case when held_until > ${sqlNow} then held_since end as "heldSince", version, null as "emailsOver"`
