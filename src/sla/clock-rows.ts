import type { Transaction } from '../database/transaction.js'
import type { ClockFace, Entry, EntryType, Metric, Terms } from './clock-life.js'

export const SLA_MONITOR = 'sla-monitor'

/** A clock as its row says. */
export interface ClockRow extends ClockFace {
  id: number
  metric: Metric
}

/** SQL for a `ClockRow` from sla_clocks c. */
export const CLOCK_ROW = `c.id, c.metric, c.state, c.started_at as "startedAt", c.target_seconds as "targetSeconds",
  c.warning_percent as "warningPercent", c.policy_version_id as "policyVersionId",
  c.calendar_version_id as "calendarVersionId", c.warning_at as "warningAt", c.deadline_at as "deadlineAt",
  c.warned_at as "warnedAt", c.breached_at as "breachedAt", c.stopped_at as "stoppedAt", c.pauses,
  c.paused_at as "pausedAt", c.pause_reason as "pauseReason", c.next_due_at as "nextDueAt"`

export interface NewClock {
  tenantId: string
  emailId: number
  metric: Metric
  round: number
  revision: number
  face: ClockFace
}

export interface ChangedClock {
  id: number
  revision: number
  face: ClockFace
  /** Absent where nothing but the revision changed. */
  entry?: Entry
}

const COLUMNS = `state text, "startedAt" timestamptz(3), "targetSeconds" integer, "warningPercent" integer,
  "policyVersionId" bigint, "calendarVersionId" bigint, "warningAt" timestamptz(3), "deadlineAt" timestamptz(3),
  "stoppedAt" timestamptz(3), pauses jsonb, "pausedAt" timestamptz(3), "pauseReason" text, "nextDueAt" timestamptz(3)`

/** Writes clocks together with the first entry of their history. */
export function insertClocks(tx: Transaction, clocks: NewClock[]): void {
  tx.write(
    `with started as (
       insert into sla_clocks (user_id, email_id, metric, round, revision, started_at, target_seconds, warning_percent,
         policy_version_id, calendar_version_id, warning_at, deadline_at, next_due_at)
       select "tenantId", "emailId", metric, round, revision, "startedAt", "targetSeconds", "warningPercent",
         "policyVersionId", "calendarVersionId", "warningAt", "deadlineAt", "nextDueAt"
       from json_to_recordset($1) as f("tenantId" uuid, "emailId" bigint, metric text, round integer, revision bigint,
         ${COLUMNS})
       returning *)
     insert into sla_clock_history (clock_id, type, at, recorded_at, detail)
     select c.id, 'started', c.started_at, ${tx.sqlNow}, ${TERMS} from started c`,
    [JSON.stringify(clocks.map(({ face, ...clock }) => ({ ...face, ...clock })))],
  )
}

/** Writes what has become of clocks that this transaction holds, and why. */
export function saveClocks(tx: Transaction, clocks: ChangedClock[]): void {
  if (clocks.length === 0) return
  tx.write(
    `update sla_clocks c set revision = f.revision, state = f.state, started_at = f."startedAt",
       target_seconds = f."targetSeconds", warning_percent = f."warningPercent",
       policy_version_id = f."policyVersionId", calendar_version_id = f."calendarVersionId",
       warning_at = f."warningAt", deadline_at = f."deadlineAt", stopped_at = f."stoppedAt", pauses = f.pauses,
       paused_at = f."pausedAt", pause_reason = f."pauseReason", next_due_at = f."nextDueAt"
     from json_to_recordset($1) as f(id bigint, revision bigint, ${COLUMNS}) where c.id = f.id`,
    [JSON.stringify(clocks.map(({ id, revision, face }) => ({ ...face, id, revision })))],
  )
  const entries = clocks.flatMap(({ id, face, entry }) => (entry ? [{ ...entry, id, face }] : []))
  tx.write(
    `insert into sla_clock_history (clock_id, type, at, recorded_at, detail)
     select id, type, at, "recordedAt", detail from json_to_recordset($1)
       as h(id bigint, type text, at timestamptz(3), "recordedAt" timestamptz(3), detail json)`,
    [JSON.stringify(entries.map(withDeadline))],
  )
}

export interface HeldClock {
  id: number
  metric: Metric
  state: 'running' | 'paused'
  emailId: number
  threadId: string
  startedAt: Date
  /** A change of policies or calendars has not come so far. */
  isStale: boolean
}

/**
 * Locks all clocks under way in these conversations, in the order of their ids, before any of them is changed: the
 * recomputation, which knows no conversations, locks clocks in that order too.
 */
export async function holdClocks(
  tx: Transaction,
  conversations: { tenantId: string; threadId: string }[],
): Promise<HeldClock[]> {
  return tx.query<HeldClock>(
    `select c.id, c.metric, c.state, c.email_id as "emailId", e.thread_id as "threadId", c.started_at as "startedAt",
            c.breached_at is null and c.revision < coalesce(r.revision, 0) as "isStale"
     from json_to_recordset($1) as s("tenantId" uuid, "threadId" uuid)
     join emails e on e.thread_id = s."threadId" and e.user_id = s."tenantId"
     join sla_clocks c on c.email_id = e.id and c.stopped_at is null
     left join sla_revisions r on r.user_id = c.user_id
     order by c.id for no key update of c`,
    [JSON.stringify(conversations)],
  )
}

/** Tells the monitor when the first of these clocks is due. */
export function wakeMonitor(tx: Transaction, clocks: { face: ClockFace }[], now: Date): void {
  const dues = clocks.flatMap(({ face: { nextDueAt } }) => (nextDueAt ? [nextDueAt.getTime()] : []))
  if (dues.length > 0) tx.wake(SLA_MONITOR, Math.max(0, Math.min(...dues) - now.getTime()))
}

/** For the reader of a history; replaying it computes the deadline anew. */
const withDeadline = ({ face, ...entry }: Entry & { id: number; face: ClockFace }) => ({
  ...entry,
  detail: { ...entry.detail, deadlineAt: face.deadlineAt },
})

/** SQL for the detail of a clock's start, from sla_clocks c. */
const TERMS = `json_build_object('startedAt', c.started_at, 'targetSeconds', c.target_seconds,
  'warningPercent', c.warning_percent, 'policyVersionId', c.policy_version_id,
  'calendarVersionId', c.calendar_version_id, 'deadlineAt', c.deadline_at)`

/** The entries of these clocks' histories as they were written, by clock, each from first to last. */
export async function writtenHistoriesOf(
  tx: Transaction,
  clockIds: number[],
): Promise<Map<number, Written[]>> {
  const rows = await tx.query<Written & { clockId: number }>(
    `select clock_id as "clockId", type, at, recorded_at as "recordedAt", detail
     from sla_clock_history where clock_id = any($1) order by clock_id, id`,
    [clockIds],
  )
  const histories = new Map<number, Written[]>(clockIds.map((id) => [id, []]))
  for (const { clockId, ...entry } of rows) histories.get(clockId)!.push(entry)
  return histories
}

export interface Written {
  type: EntryType
  at: Date
  recordedAt: Date
  detail: Record<string, unknown>
}

/** The same as entries that `replay` takes. */
export async function historiesOf(tx: Transaction, clockIds: number[]): Promise<Map<number, Entry[]>> {
  const written = await writtenHistoriesOf(tx, clockIds)
  return new Map([...written].map(([id, entries]) => [id, entries.map(revived)]))
}

/** JSON has no instants. */
export function revived(written: Written): Entry {
  const entry = written as unknown as Entry
  if (entry.type !== 'started' && entry.type !== 'recomputed') return entry
  const { startedAt, targetSeconds, warningPercent, policyVersionId, calendarVersionId } = entry.detail
  const terms = { targetSeconds, warningPercent, policyVersionId, calendarVersionId }
  // Clocks older than their histories were given a first entry that does not repeat its instant.
  return { ...entry, detail: { ...terms, startedAt: new Date(startedAt ?? entry.at) } satisfies Terms }
}
