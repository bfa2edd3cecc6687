import type { Transaction } from '../database/transaction.js'
import type { Metric } from './clock-life.js'
import { policyOf, PRESENT_POLICIES } from './policy-matching.js'

/** An email whose conversation may await something. */
export interface Candidate {
  tenantId: string
  emailId: number
  threadId: string
}

/** An unresolved email of a person, how the clocks of its conversation stand, and the policy that takes it. */
export interface Conversation extends Candidate {
  receivedAt: Date
  /** Nobody has answered it. */
  isOpen: boolean
  /** The tenant's, and what is in force at it. */
  revision: number
  policyVersionId: number | null
  calendarVersionId: number | null
  warningPercent: number
  targets: Record<Metric, number | null>
  /** An answer or a resolution was given before, or a first answer awaited. */
  hadFirstReply: boolean
  oldestOpen: Date
  /** The clocks under way. */
  reply: { id: number; startedAt: Date } | null
  resolution: { id: number; startedAt: Date } | null
  oldestUnresolved: Date
  resolvedBefore: Date | null
  /** How often this email itself has been answered and resolved. */
  replyRounds: number
  resolutionRounds: number
  /** A clock stands still until the customer writes. */
  awaitsCustomer: boolean
}

export interface Owed {
  metric: Metric
  startedAt: Date
  round: number
}

/**
 * First reply: once a conversation. Next reply: from the oldest unanswered message, one at a time. Resolution: from the
 * first message, and anew when a resolved conversation goes on.
 *
 * @param reopenedAt when the email was opened again: from then on it awaits a resolution, and an answer if it had none
 */
export function* owedTo(conversation: Conversation, reopenedAt?: Date): Generator<Owed> {
  const { isOpen, hadFirstReply, oldestOpen, replyRounds, resolution, resolutionRounds } = conversation
  if (isOpen && !conversation.reply) {
    const metric = hadFirstReply ? 'next_reply' : 'first_reply'
    yield { metric, startedAt: reopenedAt ?? oldestOpen, round: replyRounds + 1 }
  }
  if (!resolution) {
    const { resolvedBefore, receivedAt, oldestUnresolved } = conversation
    const goesOnFrom = resolvedBefore && (resolvedBefore > receivedAt ? resolvedBefore : receivedAt)
    const startedAt = reopenedAt ?? goesOnFrom ?? oldestUnresolved
    yield { metric: 'resolution', startedAt, round: resolutionRounds + 1 }
  }
}

/** The clocks under way that this email, which was received before their start, should have started. */
export function* earlierStarts(conversation: Conversation): Generator<[clockId: number, startedAt: Date]> {
  const { isOpen, receivedAt, reply, resolution, resolvedBefore } = conversation
  if (isOpen && reply && receivedAt < reply.startedAt) yield [reply.id, receivedAt]
  if (resolution && !resolvedBefore && receivedAt < resolution.startedAt) yield [resolution.id, receivedAt]
}

/** The conversation's mail that nobody has answered. */
export function unansweredIn(tx: Transaction, tenantId: string, threadId: string): Promise<Candidate[]> {
  return tx.query<Candidate>(
    `select user_id as "tenantId", id as "emailId", thread_id as "threadId" from emails
     where user_id = $1 and thread_id = $2 and status = 'open' and kind = 'human' order by received_at, id limit 1`,
    [tenantId, threadId],
  )
}

/** Those of the emails with these ids that are a person's and not resolved, oldest first. */
export async function conversationsOf(tx: Transaction, emailIds: number[]): Promise<Conversation[]> {
  const rows = await tx.query<Row>(CONVERSATIONS, [emailIds])
  return rows.map(({ first_reply_seconds, next_reply_seconds, resolution_seconds, ...row }) => ({
    ...row,
    targets: {
      first_reply: first_reply_seconds,
      next_reply: next_reply_seconds,
      resolution: resolution_seconds,
    },
    reply: underWay(row.reply),
    resolution: underWay(row.resolution),
  }))
}

type Row = Omit<Conversation, 'targets' | 'reply' | 'resolution'> & {
  first_reply_seconds: number | null
  next_reply_seconds: number | null
  resolution_seconds: number | null
  reply: UnderWay | null
  resolution: UnderWay | null
}

/** JSON has no instants. */
type UnderWay = { id: number; startedAt: string }
const underWay = (clock: UnderWay | null) => clock && { id: clock.id, startedAt: new Date(clock.startedAt) }

/** SQL: the earliest clock of this kind that is under way. */
const earliest = (kind: string) =>
  `(array_agg(json_build_object('id', c.id, 'startedAt', c.started_at) order by c.started_at, c.id)
    filter (where ${kind} and c.stopped_at is null))[1]`

const CONVERSATIONS = `
  select e.user_id as "tenantId", e.id as "emailId", e.thread_id as "threadId", e.received_at as "receivedAt",
         e.status = 'open' as "isOpen", coalesce(r.revision, 0) as revision, p.*, t.*
  from emails e
  left join sla_revisions r on r.user_id = e.user_id
  left join lateral (${policyOf(PRESENT_POLICIES)}) p on true
  cross join lateral (
    select
      coalesce(bool_or(c.metric = 'first_reply' or t.replied_at is not null or t.resolved_at is not null), false)
        as "hadFirstReply",
      min(t.received_at) filter (where t.status = 'open') as "oldestOpen",
      min(t.received_at) filter (where t.status <> 'resolved') as "oldestUnresolved",
      ${earliest(`c.metric <> 'resolution'`)} as reply,
      ${earliest(`c.metric = 'resolution'`)} as resolution,
      -- Not by a merge, which cancels a clock that has a target.
      max(c.stopped_at) filter (where c.metric = 'resolution'
        and (c.state <> 'cancelled' or c.target_seconds is null)) as "resolvedBefore",
      coalesce(max(c.round) filter (where c.email_id = e.id and c.metric <> 'resolution'), 0) as "replyRounds",
      coalesce(max(c.round) filter (where c.email_id = e.id and c.metric = 'resolution'), 0) as "resolutionRounds",
      coalesce(bool_or(c.pause_reason = 'waiting_for_customer'), false) as "awaitsCustomer"
    from emails t left join sla_clocks c on c.email_id = t.id
    where t.thread_id = e.thread_id and t.user_id = e.user_id and t.kind = 'human') t
  where e.id = any($1) and e.kind = 'human' and e.status <> 'resolved'
  order by e.received_at, e.id`
