import { KEPT_DAYS } from './outage-rules.js'

/**
 * $1: how many. What has waited for so long for a webhook that was inactive all the while fails. The webhooks are locked
 * before their deliveries, as everywhere; the oldest go first.
 */
export const expireSql = (sqlNow: string) => `
  with inactive as materialized (
    select id from webhooks where not is_active and inactive_since <= ${sqlNow} - interval '${KEPT_DAYS} days'
      and exists (select from webhook_queue q where q.webhook_id = webhooks.id and q.due_at is null)
    order by inactive_since for no key update skip locked),
  oldest as (
    select q.delivery_id from inactive w cross join lateral (
      select delivery_id from webhook_queue where webhook_id = w.id and due_at is null
      order by probes, delivery_id limit $1 for update skip locked) q
    join webhook_logs l on l.id = q.delivery_id and l.created_at <= ${sqlNow} - interval '${KEPT_DAYS} days'
    limit $1),
  over as (delete from webhook_queue q using oldest o where q.delivery_id = o.delivery_id returning q.delivery_id),
  expired as (
    update webhook_logs l set status = 'failed', error_message = 'expired', completed_at = ${sqlNow}
    from over o where l.id = o.delivery_id returning 1)
  select count(*)::integer as expired from expired`

/** How far a batch came; null where nothing older than that is left. */
export interface Forgotten {
  last: number | null
}

/**
 * $1: after which id, $2: days, $3: how many are looked at. In the order of ids, which is that of time: no index by time,
 * which every delivery would have to feed. What is pending is never old; attempts go with their delivery.
 */
export const forgetSql = (sqlNow: string) => `
  with page as materialized (
    select id, created_at from webhook_logs where id > $1 order by id limit $3),
  old as (
    select id from webhook_logs
    where id in (select id from page) and completed_at < ${sqlNow} - $2 * interval '1 day'
    for update skip locked),
  gone as (delete from webhook_logs l using old where l.id = old.id)
  select max(id) as last from page having max(created_at) < ${sqlNow} - $2 * interval '1 day'
  union all select null limit 1`

/** Nothing is signed by them any more. */
export const FORGET_SECRETS = (sqlNow: string) => `
  update webhooks
  set former_secrets = (select jsonb_agg(one) from jsonb_array_elements(former_secrets) one
                        where (one ->> 'until')::timestamptz > ${sqlNow}),
      previous_secret = case when previous_secret_until > ${sqlNow} then previous_secret end,
      previous_secret_until = case when previous_secret_until > ${sqlNow} then previous_secret_until end
  where id in (
    select id from webhooks where previous_secret_until <= ${sqlNow}
      or exists (select from jsonb_array_elements(former_secrets) one where (one ->> 'until')::timestamptz <= ${sqlNow})
    for update skip locked)`

/** $1: days. */
export const FORGET_RECOVERIES = (sqlNow: string) => `
  delete from webhook_recoveries where finished_at < ${sqlNow} - $1 * interval '1 day'`
