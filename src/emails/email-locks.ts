import type { Transaction } from '../database/transaction.js'
import { conflict, notFound } from '../http/problem.js'
import { holdConversationOf } from './conversation-locks.js'
import { Email } from './email.entity.js'

/** What answering and closing look at: not the bodies, of which a long conversation has many. */
export type ConversationEmail = Pick<
  Email,
  | 'id'
  | 'threadId'
  | 'messageId'
  | 'referenceIds'
  | 'fromAddress'
  | 'subject'
  | 'status'
  | 'receivedAt'
  | 'repliedAt'
>

export interface Conversation {
  /** The one that was asked for. */
  email: ConversationEmail
  /** Those that are not resolved. */
  others: ConversationEmail[]
}

/*
 * Who decides by a conversation's mail, or changes what its clocks depend on, holds the conversation first: mail that
 * comes in meanwhile is then either seen or comes after, and clocks follow in that order. Locks come in one order:
 * messages that name a common one (intake), conversations by key, emails by id, what belongs to the clocks.
 */

/** The tenant's email, held until the transaction ends: transitions of one email happen one after another. */
export async function lockEmail(tx: Transaction, tenantId: string, id: number): Promise<Email> {
  // Not FOR UPDATE: rows that refer to the email (alerts, deliveries) may still be written meanwhile.
  const email = await tx.manager.findOne(Email, {
    where: { id, userId: tenantId },
    lock: { mode: 'for_no_key_update' },
  })
  if (!email) throw notFound('email')
  return email
}

/** As `lockEmail`, once its conversation is held: for what its clocks depend on. */
export async function lockConversationOf(tx: Transaction, tenantId: string, emailId: number): Promise<Email> {
  await holdConversationOf(tx, tenantId, emailId)
  return lockEmail(tx, tenantId, emailId)
}

/** As `lockConversationOf`, with the rest of its mail. What is resolved has no more to come, and may be thousands. */
export async function lockConversation(
  tx: Transaction,
  tenantId: string,
  emailId: number,
): Promise<Conversation> {
  const threadId = await holdConversationOf(tx, tenantId, emailId)
  const emails = await tx.query<ConversationEmail>(
    `select id, thread_id as "threadId", message_id as "messageId", reference_ids as "referenceIds",
            from_address as "fromAddress", subject, status, received_at as "receivedAt", replied_at as "repliedAt"
     from emails where user_id = $1 and thread_id = $2 and (status <> 'resolved' or id = $3)
     order by id for no key update`,
    [tenantId, threadId, emailId],
  )
  const email = emails.find(({ id }) => id === emailId)
  if (!email) throw notFound('email')
  return { email, others: emails.filter((each) => each !== email) }
}

/** @throws Problem 409 */
export function refuseResolved({ status }: Pick<Email, 'status'>): void {
  if (status === 'resolved') throw conflict('email_resolved', 'This email is resolved; reopen it first')
}
