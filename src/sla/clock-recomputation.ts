import { Injectable, Logger } from '@nestjs/common'
import type { Transaction } from '../database/transaction.js'
import { saveClocks, wakeMonitor, type ChangedClock } from './clock-rows.js'
import { CompiledCalendars } from '../calendars/compiled-calendars.js'
import { PRESENT_POLICIES } from './policy-matching.js'
import { recomputables, recomputed, type Recomputable } from './recomputables.js'

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
    const clocks = await tx.query<Recomputable>(held(which), [ids])
    if (clocks.length === 0) return
    const calendarOf = await this.calendars.load(
      tx,
      clocks.flatMap((clock) => [clock, clock.newTerms]),
    )
    const now = await tx.now()
    const changed = clocks.map((clock): ChangedClock => {
      const { isTooFar, ...outcome } = recomputed(clock, now, calendarOf, starts.get(clock.id))
      if (isTooFar) this.logger.warn(`The deadline of clock ${clock.id} would lie beyond all time`)
      return { id: clock.id, revision: clock.newRevision, ...outcome }
    })
    saveClocks(tx, changed)
    wakeMonitor(tx, changed, now)
  }
}

/** In the order of their ids: whoever locks several clocks does so in that order. */
const held = (which: string) =>
  `${recomputables(which, PRESENT_POLICIES)} order by c.id for no key update of c`
