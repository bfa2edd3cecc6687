import type { Transaction } from '../database/transaction.js'
import { conflict, notFound } from '../http/problem.js'
import { Email } from './email.entity.js'
import { keepThreads } from './threads.js'

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
  others: ConversationEmail[]
}

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

/**
 * As `lockEmail`, with all mail of its conversation. In the order of ids: two who answer different mail of one
 * conversation would otherwise each hold what the other waits for.
 */
export async function lockConversation(tx: Transaction, tenantId: string, id: number): Promise<Conversation> {
  keepThreads(tx, tenantId)
  const emails = await tx.query<ConversationEmail>(
    `select id, thread_id as "threadId", message_id as "messageId", reference_ids as "referenceIds",
            from_address as "fromAddress", subject, status, received_at as "receivedAt", replied_at as "repliedAt"
     from emails
     where user_id is not distinct from $1
       and thread_id = (select thread_id from emails where id = $2 and user_id is not distinct from $1)
     order by id for no key update`,
    [tenantId, id],
  )
  const email = emails.find((each) => each.id === id)
  if (!email) throw notFound('email')
  return { email, others: emails.filter((each) => each !== email) }
}

/** @throws Problem 409 */
export function refuseResolved({ status }: Pick<Email, 'status'>): void {
  if (status === 'resolved') throw conflict('email_resolved', 'This email is resolved; reopen it first')
}
