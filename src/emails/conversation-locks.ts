import type { Transaction } from '../database/transaction.js'
import { notFound } from '../http/problem.js'

/** SQL: the advisory lock of a conversation. */
const keyOf = (threadId: string) => `hashtextextended('conversation ' || ${threadId}, 0)`

/**
 * Holds the conversation of one email until the transaction ends.
 * @returns its thread id
 */
export async function holdConversationOf(
  tx: Transaction,
  tenantId: string,
  emailId: number,
): Promise<string> {
  const ask = async (columns: string) => {
    const sql = `select ${columns} from emails where id = $1 and user_id = $2`
    const rows = await tx.query<{ threadId: string }>(sql, [emailId, tenantId])
    return rows.map((row) => row.threadId)
  }
  const [threadId] = await untilTheyStay(
    tx,
    () => ask(`thread_id as "threadId", pg_advisory_xact_lock(${keyOf('thread_id')})`),
    () => ask(`thread_id as "threadId"`),
  )
  if (!threadId) throw notFound('email')
  return threadId
}

/**
 * Holds the conversations that `look` finds until the transaction ends.
 * @returns what it finds while they are held
 */
export async function holdConversations(tx: Transaction, look: () => Promise<string[]>): Promise<string[]> {
  let found = await look()
  if (found.length === 0) return found
  const take = async () => {
    const threadIds = found
    await tx.query(
      `select pg_advisory_xact_lock(key)
       from (select distinct ${keyOf('id')} as key from unnest($1::text[]) as id order by key) as keys`,
      [threadIds],
    )
    return threadIds
  }
  return untilTheyStay(tx, take, async () => (found = await look()))
}

/**
 * Locks, and looks again: while this one waited, what it locks may have become part of another conversation. What it
 * then holds in vain it lets go before it waits for the other: who holds that one may be waiting for what is held here.
 */
async function untilTheyStay(
  tx: Transaction,
  take: () => Promise<string[]>,
  look: () => Promise<string[]>,
): Promise<string[]> {
  tx.write('savepoint conversations', [])
  for (;;) {
    // Two statements that leave together: the second one's snapshot is taken once the first one has its locks.
    const [held, found] = await Promise.all([take(), look()])
    const hasAll = found.every((threadId) => held.includes(threadId))
    tx.write(hasAll ? 'release savepoint conversations' : 'rollback to savepoint conversations', [])
    if (hasAll) return found
  }
}
