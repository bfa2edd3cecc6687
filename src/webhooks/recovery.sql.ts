import { EVENT_NAMES } from '../events/catalogue.js'
import { patternsOf } from './event-patterns.js'
import { WANTS } from './wanted-events.js'

/** The parameter `$8` of both: which patterns ask for an event. */
export const PATTERNS = JSON.stringify(EVENT_NAMES.map((name) => ({ name, patterns: patternsOf(name) })))

/**
 * $1: webhook, $2: tenant, $3: first seq, $4: end of seqs, $5: since, $6: until, $7: names or null, $8: `PATTERNS`,
 * $9: what.
 *
 * Begins a statement with the page of events that it is about, and what is to be done for them. Failed deliveries are
 * queued whatever the webhook wants now, but for those that ended because it did not want them; those, and what it missed, only
 * as far as it does.
 */
const found = (limit: number) => `
  with page as materialized (
    select e.*, (e.data #>> '{alert,webhookId}')::bigint as about
    from events e where e.user_id = $2 and e.seq >= $3 and e.seq < $4 order by e.seq limit ${limit}),
  asked as materialized (
    select e.*, ${WANTS} as is_wanted from page e
    join lateral (select p.patterns, e.about from json_to_recordset($8) as p(name text, patterns text[])
                  where p.name = e.name) wanted on true
    join webhooks w on w.id = $1
    where occurred_at >= $5 and occurred_at < $6 and ($7::text[] is null or e.name = any($7))),
  failed as materialized (
    select l.id, l.event_id, e.email_id from asked e join webhook_logs l on l.webhook_id = $1 and l.event_id = e.id
    where $9 <> 'missed' and l.status = 'failed' and (e.is_wanted or l.error_message is distinct from 'unwanted')),
  missed as materialized (
    select e.* from asked e
    where $9 <> 'failed' and e.is_wanted
      and not exists (select from webhook_logs l where l.webhook_id = $1 and l.event_id = e.id))`

/** Answers a `Batch` and writes nothing. */
export const countSql = (limit: number) => `
  ${found(limit)}
  select (select max(seq) from page) as last, (select count(*)::integer from page) as read,
    (select count(*)::integer from failed) as failed, (select count(*)::integer from missed) as missed`

/** Queues what it finds, parked, and answers a `Batch`. The webhook is held, so that nobody sets it free meanwhile. */
export const recoverSql = (limit: number, sqlNow: string) => `
  ${found(limit)},
  again as (
    update webhook_logs l set status = 'pending', completed_at = null
    from failed f where l.id = f.id and l.status = 'failed' returning l.id, f.event_id, f.email_id),
  logged as (
    insert into webhook_logs (webhook_id, event_id, event_type, attempts, created_at)
    select $1, e.id, e.name, 0, ${sqlNow} from missed e order by e.seq
    on conflict do nothing returning id, event_id),
  queued as (
    insert into webhook_queue (delivery_id, webhook_id, event_id, email_id)
    select waiting.id, w.id, waiting.event_id, case when w.ordering = 'email' then waiting.email_id end
    from (select id, event_id, email_id from again
          union all select logged.id, e.id, e.email_id from logged join missed e on e.id = logged.event_id) waiting
    join webhooks w on w.id = $1)
  select (select max(seq) from page) as last, (select count(*)::integer from page) as read,
    (select count(*)::integer from again) as failed, (select count(*)::integer from logged) as missed`

export interface Batch {
  /** The last event of the page; null where it is empty. */
  last: number | null
  read: number
  failed: number
  missed: number
}
