import type { Transaction } from '../database/transaction.js'

interface Links {
  messageId?: string
  inReplyTo?: string | null
  references?: string[]
}

/**
 * The conversation that a message belongs to, within its tenant: that of a message or reply it refers to, or of one
 * that referred to it before it came. Two conversations that it proves to be one become one.
 */
export async function findThread(tx: Transaction, tenantId: string, mail: Links): Promise<string | null> {
  const parents = parentsOf(mail)
  if (!mail.messageId && parents.length === 0) return null // nothing can refer to an id that was not given
  await waitForRelatives(tx, tenantId, [...parents, ...(mail.messageId ? [mail.messageId] : [])])
  const found = () => threadsOf(tx, tenantId, parents, mail.messageId)
  const threads = await found()
  return threads.length > 1 ? merge(tx, tenantId, found) : (threads[0] ?? null)
}

/**
 * No conversation is merged into another until this transaction ends: whoever locks all mail of one would otherwise
 * wait for rows that meanwhile belong to another, and hold them while locking that one's.
 */
export function keepThreads(tx: Transaction, tenantId: string): void {
  tx.write(`select pg_advisory_xact_lock_shared(hashtextextended('threads of ' || $1, 0))`, [tenantId])
}

async function merge(tx: Transaction, tenantId: string, found: () => Promise<string[]>): Promise<string> {
  tx.write(`select pg_advisory_xact_lock(hashtextextended('threads of ' || $1, 0))`, [tenantId])
  const [thread, ...others] = await found() // another may have merged some of them while this one waited
  // Locked in the order of ids, as everyone does who locks several.
  tx.write(
    `with moving as (
       select id from emails where user_id = $2 and thread_id = any($3) order by id for no key update)
     update emails e set thread_id = $1 from moving m where e.id = m.id`,
    [thread, tenantId, others],
  )
  return thread!
}

/**
 * Messages that name a common one wait for each other, so that two arriving together neither found two threads nor
 * join one that is being merged away. In one order, so that none waits for another in turn.
 */
async function waitForRelatives(tx: Transaction, tenantId: string, ids: string[]): Promise<void> {
  await tx.query(
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
