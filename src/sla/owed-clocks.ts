import type { Transaction } from '../database/transaction.js'
import type { Metric } from './clock-life.js'
import { policyOf, PRESENT_POLICIES } from './policy-matching.js'

/** An unresolved email of a person, the state of its conversation's clocks, and the policy that takes it. */
export interface Conversation {
  tenantId: string
  emailId: number
  threadId: string
  receivedAt: Date
  /** Open, and not received before an answer that the conversation has had. */
  awaitsReply: boolean
  /** The tenant's, and what is in force at it. */
  revision: number
  policyVersionId: number | null
  calendarVersionId: number | null
  warningPercent: number
  targets: Record<Metric, number | null>
  /** Whether an answer or a resolution was ever given or awaited. */
  wasAnswered: boolean
  hasReplyClock: boolean
  oldestOpen: Date
  /** The clocks under way. */
  reply: { id: number; startedAt: Date } | null
  resolution: { id: number; startedAt: Date } | null
  oldestUnresolved: Date
  resolvedBefore: Date | null
  resolutionRounds: number
  /** A clock stands still until the customer writes. */
  awaitsCustomer: boolean
}

export interface Candidate {
  tenantId: string
  emailId: number
  threadId: string
}

export interface Owed {
  metric: Metric
  startedAt: Date
  round: number
}

/**
 * First reply: once a conversation. Next reply: from the oldest unanswered message, one at a time. Resolution: from the
 * first message, and anew when a resolved conversation goes on.
 */
export function* owedTo(conversation: Conversation, reopenedAt?: Date): Generator<Owed> {
  const { awaitsReply, reply, hasReplyClock, wasAnswered, resolution, receivedAt } = conversation
  if (awaitsReply && !reply && !hasReplyClock)
    yield { metric: wasAnswered ? 'next_reply' : 'first_reply', startedAt: conversation.oldestOpen, round: 1 }
  if (!resolution) {
    const { resolvedBefore, oldestUnresolved, resolutionRounds } = conversation
    const goesOnFrom = resolvedBefore && (resolvedBefore > receivedAt ? resolvedBefore : receivedAt)
    const startedAt = reopenedAt ?? goesOnFrom ?? oldestUnresolved
    yield { metric: 'resolution', startedAt, round: resolutionRounds + 1 }
  }
}

/** The clocks under way that this email, which was received before their start, should have started. */
export function earlierStarts({ awaitsReply, receivedAt, reply, resolution, resolvedBefore }: Conversation) {
  const moves: { id: number; startedAt: Date }[] = []
  if (awaitsReply && reply && receivedAt < reply.startedAt)
    moves.push({ id: reply.id, startedAt: receivedAt })
  if (resolution && !resolvedBefore && receivedAt < resolution.startedAt)
    moves.push({ id: resolution.id, startedAt: receivedAt })
  return moves
}

/** The conversation's emails that nobody has answered. */
export function unansweredIn(tx: Transaction, tenantId: string, threadId: string): Promise<Candidate[]> {
  return tx.query<Candidate>(
    `select user_id as "tenantId", id as "emailId", thread_id as "threadId" from emails
     where user_id = $1 and thread_id = $2 and status = 'open' and kind = 'human' order by received_at, id limit 10`,
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
    reply: row.replyClockId === null ? null : { id: row.replyClockId, startedAt: row.replyStartedAt! },
    resolution:
      row.resolutionClockId === null
        ? null
        : { id: row.resolutionClockId, startedAt: row.resolutionStartedAt! },
  }))
}

type Row = Omit<Conversation, 'targets' | 'reply' | 'resolution'> & {
  first_reply_seconds: number | null
  next_reply_seconds: number | null
  resolution_seconds: number | null
  replyClockId: number | null
  replyStartedAt: Date | null
  resolutionClockId: number | null
  resolutionStartedAt: Date | null
}

const CONVERSATIONS = `
  select e.user_id as "tenantId", e.id as "emailId", e.thread_id as "threadId", e.received_at as "receivedAt",
         e.status = 'open' and coalesce(t."answeredAt" <= e.received_at, true) as "awaitsReply",
         coalesce(r.revision, 0) as revision, p.*, t.*
  from emails e
  left join sla_revisions r on r.user_id = e.user_id
  left join lateral (${policyOf(PRESENT_POLICIES)}) p on true
  cross join lateral (
    select max((select max(created_at) from email_replies where email_id = t.id)) as "answeredAt",
      coalesce(bool_or(c.metric = 'first_reply' and c.state <> 'cancelled' or t.replied_at is not null
        or t.resolved_at is not null), false) as "wasAnswered",
      coalesce(bool_or(c.email_id = e.id and c.metric <> 'resolution'), false) as "hasReplyClock",
      min(t.received_at) filter (where t.status = 'open') as "oldestOpen",
      min(c.id) filter (where c.metric <> 'resolution' and c.stopped_at is null) as "replyClockId",
      min(c.started_at) filter (where c.metric <> 'resolution' and c.stopped_at is null) as "replyStartedAt",
      min(c.id) filter (where c.metric = 'resolution' and c.stopped_at is null) as "resolutionClockId",
      min(c.started_at) filter (where c.metric = 'resolution' and c.stopped_at is null) as "resolutionStartedAt",
      min(t.received_at) filter (where t.status <> 'resolved') as "oldestUnresolved",
      max(c.stopped_at) filter (where c.metric = 'resolution' and c.state <> 'cancelled') as "resolvedBefore",
      (coalesce(max(c.round) filter (where c.metric = 'resolution' and c.email_id = e.id), 0))::int
        as "resolutionRounds",
      coalesce(bool_or(c.state = 'paused' and c.pause_reason = 'waiting_for_customer'), false) as "awaitsCustomer"
    from emails t left join sla_clocks c on c.email_id = t.id
    where t.thread_id = e.thread_id and t.user_id = e.user_id and t.kind = 'human') t
  where e.id = any($1) and e.kind = 'human' and e.status <> 'resolved'
  order by e.received_at, e.id`
