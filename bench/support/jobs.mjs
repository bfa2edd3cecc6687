import { query } from './postgres.mjs'

/** The deliveries that the app has written since that row of its log: what a delivery needs, word for word. */
export async function jobsOf(url, afterId) {
  const rows = await query(
    url,
    `select l.event_id as id, w.url, l.payload::text as body from webhook_logs l join webhooks w on w.id = l.webhook_id
     where l.id > $1 order by l.id`,
    [afterId],
  )
  return rows.map(({ id, url: to, body }) => ({ id, path: new URL(to).pathname, body }))
}

export async function lastId(url) {
  const [{ id }] = await query(url, `select coalesce(max(id), 0) as id from webhook_logs`)
  return id
}
