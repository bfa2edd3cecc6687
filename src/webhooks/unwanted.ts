import type { Transaction } from '../database/transaction.js'
import { isFree } from './lease.js'
import { nextInOrderSql } from './outcomes.sql.js'
import { PATTERNS } from './recovery.sql.js'
import { WANTS } from './wanted-events.js'

/**
 * Ends what waits for a webhook that is held and does not want it any more, whether or not it was tried before. What
 * somebody has in hand at this moment goes out, but is not tried again.
 */
export async function dropUnwanted(tx: Transaction, webhookId: number, sqlNow: string): Promise<void> {
  const dropped = await tx.query<{ emailId: number | null }>(dropSql(sqlNow), [webhookId, PATTERNS])
  const emails = dropped.flatMap(({ emailId }) => emailId ?? [])
  if (emails.length > 0) tx.write(nextInOrderSql(sqlNow), [emails.map(() => webhookId), emails])
}

/** $1: webhook, $2: `PATTERNS`. Samples are about no event that is stored, and stay. */
const dropSql = (sqlNow: string) => `
  with unwanted as materialized (
    select q.delivery_id from webhook_queue q
    join webhooks w on w.id = q.webhook_id
    join events e on e.id = q.event_id
    join lateral (
      select p.patterns, (e.data #>> '{alert,webhookId}')::bigint as about
      from json_to_recordset($2) as p(name text, patterns text[]) where p.name = e.name) wanted on true
    where q.webhook_id = $1 and ${isFree(sqlNow)} and (${WANTS}) is not true
    for update of q skip locked),
  over as (
    delete from webhook_queue q using unwanted u where q.delivery_id = u.delivery_id
    returning q.delivery_id, q.email_id)
  update webhook_logs l set status = 'failed', error_message = 'unwanted', completed_at = ${sqlNow}
  from over where l.id = over.delivery_id
  returning over.email_id as "emailId"`
