import { query } from './postgres.mjs'

/** The deliveries that the app has written since that row of its log: what a delivery needs, word for word. */
export async function jobsOf(url, afterId) {
  const rows = await query(
    url,
    `select l.event_id as id, w.url, row_to_json(b)::text as body
     from webhook_logs l join webhooks w on w.id = l.webhook_id join events e on e.id = l.event_id
     cross join lateral (
       select e.id, e.name as event, to_char(e.occurred_at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as "timestamp",
              e.sequence, e.data) b
     where l.id > $1 order by l.id`,
    [afterId],
  )
  return rows.map(({ id, url: to, body }) => ({ id, path: new URL(to).pathname, body }))
}

export async function lastId(url) {
  const [{ id }] = await query(url, `select coalesce(max(id), 0) as id from webhook_logs`)
  return id
}
