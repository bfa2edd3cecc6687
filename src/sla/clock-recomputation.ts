import { Injectable, Logger } from '@nestjs/common'
import type { Transaction } from '../database/transaction.js'
import { DeadlineTooFar } from './business-calendar.js'
import { after, type Entry, type Terms } from './clock-life.js'
import { CLOCK_ROW, saveClocks, wakeMonitor, type ChangedClock, type ClockRow } from './clock-rows.js'
import { CompiledCalendars } from './compiled-calendars.js'
import { policyOf, PRESENT_POLICIES, targetOf } from './policy-matching.js'

/** A clock that may still change, and what its email's policy says now. */
interface Recomputable extends ClockRow {
  newTerms: Omit<Terms, 'startedAt' | 'targetSeconds'>
  newTarget: number | null
  newRevision: number
  /** Its email still awaits what it measures, and no other clock measures that. */
  isOwed: boolean
}

/**
 * Computes clocks anew from their original start, with their pauses, by what the policies and calendars say now. A breach
 * that was recorded stays: such a clock is not touched. One that is past its new deadline is due at once.
 */
@Injectable()
export class ClockRecomputation {
  private readonly logger = new Logger(ClockRecomputation.name)

  constructor(private readonly calendars: CompiledCalendars) {}

  /** The clocks of these emails. */
  async ofEmails(tx: Transaction, emailIds: number[]): Promise<void> {
    await this.recompute(tx, 'c.email_id = any($1)', emailIds)
  }

  /** These clocks. */
  async ofClocks(tx: Transaction, clockIds: number[]): Promise<void> {
    await this.recompute(tx, 'c.id = any($1)', clockIds)
  }

  /** These clocks, with other starts. */
  async moveStarts(tx: Transaction, moves: { id: number; startedAt: Date }[]): Promise<void> {
    if (moves.length === 0) return
    const starts = new Map(moves.map(({ id, startedAt }) => [id, startedAt]))
    await this.recompute(tx, 'c.id = any($1)', [...starts.keys()], starts)
  }

  private async recompute(
    tx: Transaction,
    which: string,
    ids: number[],
    starts = new Map<number, Date>(),
  ): Promise<void> {
    if (ids.length === 0) return
    const clocks = await tx.query<Recomputable>(recomputables(which), [ids])
    if (clocks.length === 0) return
    const calendarOf = await this.calendars.load(
      tx,
      clocks.flatMap((clock) => [clock, clock.newTerms]),
    )
    const now = await tx.now()
    const changed = clocks.map((clock): ChangedClock => {
      const { id, newRevision: revision } = clock
      const entry = this.entryFor(clock, starts.get(id) ?? clock.startedAt, now)
      if (!entry) return { id, revision, face: clock }
      try {
        return { id, revision, face: after(clock, entry, calendarOf), entry }
      } catch (error) {
        if (!(error instanceof DeadlineTooFar)) throw error
        this.logger.warn(error.message)
        const end = { type: 'cancelled' as const, at: now, recordedAt: now, detail: {} }
        return { id, revision, face: after(clock, end, calendarOf), entry: end }
      }
    })
    saveClocks(tx, changed)
    wakeMonitor(tx, changed, now)
  }

  /** What the change means for the clock; undefined: nothing. */
  private entryFor(clock: Recomputable, startedAt: Date, now: Date): Entry | undefined {
    const stamp = { at: now, recordedAt: now }
    const isCancelled = clock.state === 'cancelled'
    if (clock.newTarget === null || (isCancelled && !clock.isOwed))
      return isCancelled ? undefined : { ...stamp, type: 'cancelled', detail: {} }
    const terms: Terms = { ...clock.newTerms, targetSeconds: clock.newTarget, startedAt }
    if (!isCancelled && sameTerms(clock, terms)) return undefined
    return { ...stamp, type: 'recomputed', detail: terms }
  }
}

const sameTerms = (a: Terms, b: Terms): boolean =>
  a.targetSeconds === b.targetSeconds &&
  a.warningPercent === b.warningPercent &&
  a.policyVersionId === b.policyVersionId &&
  a.calendarVersionId === b.calendarVersionId &&
  a.startedAt.getTime() === b.startedAt.getTime()

/** In the order of their ids: whoever locks several clocks does so in that order. */
const recomputables = (which: string) => `
  select ${CLOCK_ROW}, coalesce(r.revision, 0) as "newRevision", ${targetOf('p', 'c.metric')} as "newTarget",
    json_build_object('policyVersionId', p."policyVersionId", 'calendarVersionId', p."calendarVersionId",
      'warningPercent', p."warningPercent") as "newTerms",
    case when c.state <> 'cancelled' then true
         when c.metric = 'resolution' then e.status <> 'resolved' else e.status = 'open' end
      and not exists (select from sla_clocks o join emails t on t.id = o.email_id
        where t.thread_id = e.thread_id and t.user_id = e.user_id and o.id <> c.id and o.stopped_at is null
          and (o.metric = 'resolution') = (c.metric = 'resolution')) as "isOwed"
  from sla_clocks c join emails e on e.id = c.email_id
  left join sla_revisions r on r.user_id = c.user_id
  left join lateral (${policyOf(PRESENT_POLICIES)}) p on true
  where ${which} and c.breached_at is null and (c.stopped_at is null or c.state = 'cancelled')
  order by c.id for no key update of c`
