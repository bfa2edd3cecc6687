import { randomUUID } from 'node:crypto'
import { Injectable } from '@nestjs/common'
import type { Transaction } from '../database/transaction.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import type { EmailFacts } from '../events/catalogue.js'
import { Events } from '../events/events.publisher.js'
import { invalid } from '../http/problem.js'
import { emailFacts } from './email-facts.js'
import { summaryOf } from './emails.query.js'
import type { ReceivedView } from './email.view.js'
import type { Address, Kind, Priority, Tier } from './email.entity.js'
import type { ParsedAttachment } from './parsed-mail.js'
import { findThread, parentsOf } from './threads.js'
import { tierCandidates } from './tier-matches.js'

/** A message on its way in, whatever brought it. */
export interface IncomingEmail {
  /** Absent for what never was mail: one is made up. */
  messageId?: string
  inReplyTo?: string | null
  references?: string[]
  from: Address
  to?: Address[]
  cc?: Address[]
  subject: string
  text: string
  html?: string | null
  kind?: Kind
  priority?: Priority | null
  /** That of the sender's address or domain when absent. */
  customerTier?: Tier | null
  category?: string | null
  /** When the reply clock starts; the present when absent. */
  receivedAt?: Date
  attachments?: ParsedAttachment[]
}

const MAX_AHEAD_MS = 5 * 60_000

/** Takes mail into the mailbox: each Message-ID once, into its thread, and tells of it. */
@Injectable()
export class Intake {
  constructor(
    private readonly work: UnitOfWork,
    private readonly events: Events,
  ) {}

  /** Answers with the email, `duplicate` when the mailbox had this Message-ID already and nothing was written. */
  receive(tenantId: string, incoming: IncomingEmail): Promise<ReceivedView> {
    return this.work.runThenRead(
      (tx) => this.take(tx, tenantId, incoming),
      async (tx, { id, duplicate }) => ({ ...(await summaryOf(tx, tenantId, id)), duplicate }),
    )
  }

  private async take(tx: Transaction, tenantId: string, incoming: IncomingEmail) {
    const { threadId: found, hasMerged } = await findThread(tx, tenantId, incoming)
    const threadId = found ?? randomUUID()
    if (hasMerged) await this.events.signal(tx, 'conversation.merged', { tenantId, data: { threadId } })
    const messageId = incoming.messageId ?? `${randomUUID()}@punctual.local`
    const email = await insertEmail(tx, tenantId, { ...incoming, messageId, threadId })
    if (!email) return { id: await idOf(tx, tenantId, messageId), duplicate: true }
    insertAttachments(tx, tenantId, email.id, incoming.attachments ?? [])
    await this.events.publish(tx, 'email.received', { tenantId, data: { email } })
    return { id: email.id, duplicate: false }
  }
}

type Row = IncomingEmail & { messageId: string; threadId: string }

/** $18: what the sender may have a tier by, the nearest first. */
const TIER_OF_SENDER = `(
  select tier from customer_tiers where user_id = $1 and matches = any($18::text[])
  order by array_position($18::text[], matches) limit 1), 'standard'`

async function insertEmail(tx: Transaction, tenantId: string, email: Row): Promise<EmailFacts | undefined> {
  const candidates = tierCandidates(email.from.address)
  const [row] = await tx.query<{ facts: EmailFacts; now: Date }>(
    `insert into emails as e (user_id, thread_id, message_id, in_reply_to, reference_ids, from_address, from_name,
       to_addresses, cc_addresses, subject, body_text, body_html, kind, priority, customer_tier, category, received_at,
       sender_domains)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, coalesce($15, ${TIER_OF_SENDER}), $16,
       coalesce($17::timestamptz, ${tx.sqlNow}), $19)
     on conflict on constraint emails_message_id_key do nothing
     returning ${emailFacts('e')} as facts, ${tx.sqlNow}::timestamptz(3) as now`,
    [
      tenantId,
      email.threadId,
      email.messageId,
      email.inReplyTo ?? null,
      parentsOf(email),
      email.from.address,
      email.from.name,
      JSON.stringify(email.to ?? []),
      JSON.stringify(email.cc ?? []),
      email.subject,
      email.text,
      email.html ?? null,
      email.kind ?? 'human',
      email.priority ?? 'medium',
      email.customerTier ?? null,
      email.category ?? null,
      email.receivedAt ?? null,
      candidates,
      candidates.slice(1), // the address aside
    ],
  )
  if (!row) return undefined
  tx.learnNow(row.now)
  if (new Date(row.facts.receivedAt).getTime() > row.now.getTime() + MAX_AHEAD_MS)
    throw invalid('receivedAt', 'must not lie in the future')
  return row.facts
}

async function idOf(tx: Transaction, tenantId: string, messageId: string): Promise<number> {
  const [row] = await tx.query<{ id: number }>(
    `select id from emails where user_id = $1 and message_id = $2 and provider_id is null`,
    [tenantId, messageId],
  )
  return row!.id
}

function insertAttachments(
  tx: Transaction,
  tenantId: string,
  emailId: number,
  attachments: ParsedAttachment[],
) {
  for (const file of attachments)
    tx.write(
      `insert into email_attachments
         (user_id, email_id, filename, content_type, disposition, content_id, size_bytes, sha256, content)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        tenantId,
        emailId,
        file.filename,
        file.contentType,
        file.disposition,
        file.contentId,
        file.size,
        file.sha256,
        Buffer.from(file.content),
      ],
    )
}
