import { Injectable } from '@nestjs/common'
import type { Transaction } from '../database/transaction.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { notFound } from '../http/problem.js'
import type { Principal } from '../http/principal.js'
import { replay, type Entry } from './clock-life.js'
import { CLOCK_ROW, revived, writtenHistoriesOf, type ClockRow, type Written } from './clock-rows.js'
import { CompiledCalendars } from '../calendars/compiled-calendars.js'
import { Turns } from '../calendars/event-loop-turns.js'
import { DeadlineTooFar, type BusinessCalendar } from '../calendars/business-calendar.js'
import { explain, isSameFace, remainingMinutes } from './explanation.js'
import type { ClockExplanationView, ExplanationView } from './explanations.view.js'
import { conditionsIn, PRESENT_POLICIES, VERDICTS } from './policy-matching.js'

const MOST_CLOCKS = 100

type Row = ClockRow & Pick<ClockExplanationView, 'emailId' | 'policy' | 'calendar'>
type CalendarOf = (terms: { calendarVersionId: number | null }) => BusinessCalendar

/** Why a deadline is when it is: the policy, the calendar, every interval that counted, and the clock's history. */
@Injectable()
export class Explanations {
  constructor(
    private readonly work: UnitOfWork,
    private readonly calendars: CompiledCalendars,
  ) {}

  /** @throws Problem 404 */
  async read(me: Principal, emailId: number): Promise<ExplanationView> {
    const { at, rows, histories, calendarOf } = await this.snapshot(me.tenantId, emailId)
    const turns = new Turns()
    const clocks: ClockExplanationView[] = []
    for (const row of rows.slice(0, MOST_CLOCKS))
      clocks.push(await viewOf(row, histories.get(row.id)!, calendarOf, at, turns))
    const timeZoneData = process.versions.tz ?? 'unknown'
    return { at, timeZoneData, clocks: clocks.toSorted(byStart), isPartial: rows.length > MOST_CLOCKS }
  }

  private snapshot(tenantId: string, emailId: number) {
    return this.work.run(async (tx) => {
      // The monitor must not write a clock between the reading of it and of its history.
      await tx.query('set transaction isolation level repeatable read read only')
      const [email] = await tx.query<{ threadId: string }>(
        `select thread_id as "threadId" from emails where id = $1 and user_id = $2`,
        [emailId, tenantId],
      )
      if (!email) throw notFound('email')
      const rows = await tx.query<Row>(CLOCKS, [tenantId, email.threadId, emailId])
      const histories = await writtenHistoriesOf(
        tx,
        rows.map(({ id }) => id),
      )
      return { at: await tx.now(), rows, histories, calendarOf: await this.calendarsOf(tx, rows, histories) }
    })
  }

  private calendarsOf(tx: Transaction, rows: Row[], histories: Map<number, Written[]>): Promise<CalendarOf> {
    const terms = [...histories.values()].flat().flatMap((written) => {
      const entry = revived(written)
      return entry.type === 'started' || entry.type === 'recomputed' ? [entry.detail] : []
    })
    return this.calendars.load(tx, [...rows, ...terms])
  }
}

async function viewOf(
  row: Row,
  history: Written[],
  calendarOf: CalendarOf,
  now: Date,
  turns: Turns,
): Promise<ClockExplanationView> {
  const { id, metric, state, emailId, startedAt, deadlineAt, warningAt, warnedAt, breachedAt } = row
  const { stoppedAt, pausedAt, targetSeconds, policy, calendar } = row
  const hours = calendarOf(row)
  return {
    ...{ id, metric, state, emailId, startedAt, deadlineAt, warningAt, warnedAt, breachedAt },
    ...{ stoppedAt, pausedAt, targetMinutes: targetSeconds === null ? null : targetSeconds / 60 },
    remainingMinutes: remainingMinutes(hours, row, now),
    ...{ policy, calendar },
    ...(await explain(hours, row, now, () => turns.giveWay())),
    history,
    replays: replays(row, history.map(revived), calendarOf),
  }
}

function replays(row: Row, history: Entry[], calendarOf: CalendarOf): boolean {
  try {
    return isSameFace(row, replay(history, calendarOf))
  } catch (error) {
    if (error instanceof DeadlineTooFar) return false
    throw error
  }
}

const byStart = (a: ClockExplanationView, b: ClockExplanationView) =>
  a.startedAt.getTime() - b.startedAt.getTime() || a.id - b.id

const POLICY = `case when pv.id is not null then json_build_object(
  'id', s.id, 'name', coalesce(s.name, pv.definition ->> 'name'), 'version', pv.version,
  'isCurrent', coalesce(s.is_active and s.version = pv.version, false),
  'why', (select coalesce(json_agg(json_build_object('condition', v.condition, 'expected', v.expected,
      'actual', v.actual, 'holds', v.holds) order by v.place), '[]')
    from (${conditionsIn('pv.definition')}) p cross join lateral (${VERDICTS}) v),
  'passedOver', (select coalesce(json_agg(json_build_object('id', p.id, 'name', p.name, 'position', p.position,
      'condition', v.condition, 'actual', v.actual) order by p.position), '[]')
    from ${PRESENT_POLICIES} p left join lateral (
      select * from (${VERDICTS}) v where not v.holds order by v.place limit 1) v on true
    where p.user_id = e.user_id and p.is_active and p.position < s.position)) end`

const CALENDAR = `case when cv.id is not null then json_build_object(
  'id', cal.id, 'name', cal.name, 'version', cv.version, 'timezone', cv.definition ->> 'timezone',
  'isCurrent', cal.deleted_at is null and cal.version = cv.version) end`

/** Those of the email itself before the others, should they be too many. */
const CLOCKS = `
  select ${CLOCK_ROW}, c.email_id as "emailId", ${POLICY} as policy, ${CALENDAR} as calendar
  from sla_clocks c join emails e on e.id = c.email_id
  left join sla_setting_versions pv on pv.id = c.policy_version_id
  left join sla_settings s on s.id = pv.setting_id
  left join sla_calendar_versions cv on cv.id = c.calendar_version_id
  left join sla_calendars cal on cal.id = cv.calendar_id
  where e.user_id = $1 and e.thread_id = $2
  order by (c.email_id = $3) desc, c.id desc limit ${MOST_CLOCKS + 1}`
