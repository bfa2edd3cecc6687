import { DeadlineTooFar, type BusinessCalendar } from '../calendars/business-calendar.js'
import { after, type ClockFace, type Entry, type Terms } from './clock-life.js'
import { CLOCK_ROW, type ClockRow } from './clock-rows.js'
import { policyOf, targetOf } from './policy-matching.js'

/** A clock that may still change, and what its email's policy says now. */
export interface Recomputable extends ClockRow {
  emailId: number
  newTerms: Omit<Terms, 'startedAt' | 'targetSeconds'>
  newTarget: number | null
  newRevision: number
  /** Cancelled, but its email still awaits what it measures, and no other clock measures that. */
  isOwed: boolean
}

export interface Outcome {
  face: ClockFace
  /** Absent where nothing but the revision changes. */
  entry?: Entry
  /** Cancelled because its calendar does not have so much open time. */
  isTooFar?: true
}

/** What a clock becomes by what its policy says now. A breach that was recorded stays: such clocks are none of these. */
export function recomputed(
  clock: Recomputable,
  now: Date,
  calendarOf: (terms: Terms) => BusinessCalendar,
  startedAt = clock.startedAt,
): Outcome {
  const entry = entryFor(clock, startedAt, now)
  if (!entry) return { face: clock }
  try {
    return { face: after(clock, entry, calendarOf), entry }
  } catch (error) {
    if (!(error instanceof DeadlineTooFar)) throw error
    const end = { type: 'cancelled' as const, at: now, recordedAt: now, detail: {} }
    return { face: after(clock, end, calendarOf), entry: end, isTooFar: true }
  }
}

/** What the change means for the clock; undefined: nothing. */
function entryFor(clock: Recomputable, startedAt: Date, now: Date): Entry | undefined {
  const stamp = { at: now, recordedAt: now }
  const isCancelled = clock.state === 'cancelled'
  if (clock.newTarget === null || (isCancelled && !clock.isOwed))
    return isCancelled ? undefined : { ...stamp, type: 'cancelled', detail: {} }
  const terms: Terms = { ...clock.newTerms, targetSeconds: clock.newTarget, startedAt }
  if (!isCancelled && sameTerms(clock, terms)) return undefined
  return { ...stamp, type: 'recomputed', detail: terms }
}

const sameTerms = (a: Terms, b: Terms): boolean =>
  a.targetSeconds === b.targetSeconds &&
  a.warningPercent === b.warningPercent &&
  a.policyVersionId === b.policyVersionId &&
  a.calendarVersionId === b.calendarVersionId &&
  a.startedAt.getTime() === b.startedAt.getTime()

/**
 * SQL for `Recomputable`s, in no order.
 * @param which a condition on clock `c` and its email `e`
 * @param policies as of `policyOf`
 */
export const recomputables = (which: string, policies: string) => `
  select ${CLOCK_ROW}, c.email_id as "emailId", coalesce(r.revision, 0) as "newRevision",
    ${targetOf('p', 'c.metric')} as "newTarget",
    json_build_object('policyVersionId', p."policyVersionId", 'calendarVersionId', p."calendarVersionId",
      'warningPercent', p."warningPercent") as "newTerms",
    c.state = 'cancelled' and case when c.metric = 'resolution' then e.status <> 'resolved' else e.status = 'open' end
      and not exists (select from sla_clocks o join emails t on t.id = o.email_id
        where t.thread_id = e.thread_id and t.user_id = e.user_id and o.id <> c.id and o.stopped_at is null
          and (o.metric = 'resolution') = (c.metric = 'resolution')) as "isOwed"
  from sla_clocks c join emails e on e.id = c.email_id
  left join sla_revisions r on r.user_id = c.user_id
  left join lateral (${policyOf(policies)}) p on true
  where ${which} and c.breached_at is null and (c.stopped_at is null or c.state = 'cancelled')`
