import type { Transaction } from '../database/transaction.js'
import type { EmailFacts } from '../events/catalogue.js'

/** A timestamptz as the ISO 8601 text that events carry. */
export const isoText = (column: string) =>
  `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

/** SQL for an email's `EmailFacts`: the one read model by which events of every module tell of an email. */
export const emailFacts = (e: string) => `json_build_object(
  'id', ${e}.id, 'threadId', ${e}.thread_id, 'messageId', ${e}.message_id, 'subject', ${e}.subject,
  'from', json_build_object('address', ${e}.from_address, 'name', ${e}.from_name), 'kind', ${e}.kind,
  'priority', ${e}.priority, 'customerTier', ${e}.customer_tier, 'category', ${e}.category, 'status', ${e}.status,
  'assigneeId', ${e}.assignee_id, 'mailboxId', ${e}.provider_id, 'receivedAt', ${isoText(`${e}.received_at`)})`

export async function factsOf(tx: Transaction, id: number): Promise<EmailFacts> {
  const [row] = await tx.query<{ facts: EmailFacts }>(
    `select ${emailFacts('e')} as facts from emails e where e.id = $1`,
    [id],
  )
  return row!.facts
}
