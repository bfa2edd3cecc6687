import type { BusinessCalendar } from '../calendars/business-calendar.js'
import { after, type ClockFace, type Entry, type Terms } from './clock-life.js'
import { CLOCK_ROW, type ClockRow } from './clock-rows.js'
import { policyOf, targetOf } from './policy-matching.js'

/** A clock that may still change, and what its email's policy says now. */
export interface Recomputable extends ClockRow {
  emailId: number
  newTerms: Omit<Terms, 'startedAt' | 'targetSeconds'>
  newTarget: number | null
  newRevision: number
}

/** SQL: of clock `c`, that it may still change. A breach that was recorded stays as it is. */
export const MAY_CHANGE = `c.breached_at is null and c.stopped_at is null`

/** What a clock becomes by what its policy says now; without an entry where that is nothing new. */
export function recomputed(
  clock: Recomputable,
  now: Date,
  calendarOf: (terms: Terms) => BusinessCalendar,
  startedAt = clock.startedAt,
): { face: ClockFace; entry?: Entry } {
  const terms: Terms = { ...clock.newTerms, targetSeconds: clock.newTarget, startedAt }
  if (sameTerms(clock, terms)) return { face: clock }
  const entry: Entry = { type: 'recomputed', at: now, recordedAt: now, detail: terms }
  return { face: after(clock, entry, calendarOf), entry }
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
      'warningPercent', coalesce(p."warningPercent", c.warning_percent)) as "newTerms"
  from sla_clocks c join emails e on e.id = c.email_id
  left join sla_revisions r on r.user_id = c.user_id
  left join lateral (${policyOf(policies)}) p on true
  where ${which} and ${MAY_CHANGE}`
