import type { Transaction } from '../database/transaction.js'
import { holdConversations } from './conversation-locks.js'

interface Links {
  messageId?: string
  inReplyTo?: string | null
  references?: string[]
}

interface Found {
  /** Null for a message that begins a conversation. */
  threadId: string | null
  /** Others have just become part of it. */
  hasMerged: boolean
}

/**
 * The conversation that a message belongs to, within its tenant, held until the transaction ends: that of a message or
 * reply it refers to, or of one that referred to it before it came. Conversations that it proves to be one become one.
 */
export async function findThread(tx: Transaction, tenantId: string, mail: Links): Promise<Found> {
  const parents = parentsOf(mail)
  // Nothing can refer to an id that was not given.
  if (!mail.messageId && parents.length === 0) return { threadId: null, hasMerged: false }
  waitForRelatives(tx, tenantId, [...parents, ...(mail.messageId ? [mail.messageId] : [])])
  const [threadId, ...others] = await holdConversations(tx, () =>
    threadsOf(tx, tenantId, parents, mail.messageId),
  )
  if (threadId && others.length > 0) merge(tx, tenantId, threadId, others)
  return { threadId: threadId ?? null, hasMerged: others.length > 0 }
}

function merge(tx: Transaction, tenantId: string, threadId: string, others: string[]): void {
  // Locked in the order of ids, as everyone does who locks several.
  tx.write(
    `with moving as (
       select id from emails where user_id = $2 and thread_id = any($3) order by id for no key update)
     update emails e set thread_id = $1 from moving m where e.id = m.id`,
    [threadId, tenantId, others],
  )
}

/**
 * Messages that name a common one wait for each other, so that two arriving together do not begin two conversations.
 * In one order, so that none waits for another in turn.
 */
function waitForRelatives(tx: Transaction, tenantId: string, ids: string[]): void {
  tx.write(
    `select pg_advisory_xact_lock(key)
     from (select distinct hashtextextended('thread ' || $1 || ' ' || id, 0) as key
           from unnest($2::text[]) as id order by key) as keys`,
    [tenantId, ids],
  )
}

async function threadsOf(
  tx: Transaction,
  tenantId: string,
  parents: string[],
  messageId?: string,
): Promise<string[]> {
  const rows = await tx.query<{ threadId: string }>(
    `select thread_id as "threadId" from (
       select thread_id, received_at from emails where user_id = $1 and message_id = any($2)
       union all
       select e.thread_id, e.received_at from email_replies r join emails e on e.id = r.email_id
         where r.user_id = $1 and r.message_id = any($2)
       union all
       select thread_id, received_at from emails
         where user_id = $1 and reference_ids <> '{}' and reference_ids && array[$3]::text[]
     ) found group by thread_id order by min(received_at), thread_id`,
    [tenantId, parents, messageId ?? ''],
  )
  return rows.map((row) => row.threadId)
}

/** Everything a message refers to, its parent last: some mail programs write only one of the two headers. */
export const parentsOf = ({ references = [], inReplyTo }: Links): string[] => [
  ...new Set([...references, ...(inReplyTo ? [inReplyTo] : [])]),
]
