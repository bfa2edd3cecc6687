import { Injectable } from '@nestjs/common'
import { CompiledCalendars } from '../calendars/compiled-calendars.js'
import type { Transaction } from '../database/transaction.js'
import { saveClocks, wakeMonitor } from './clock-rows.js'
import { PRESENT_POLICIES } from './policy-matching.js'
import { MAY_CHANGE, recomputables, recomputed, type Recomputable } from './recomputables.js'

/**
 * Computes clocks anew from their original start, with their pauses, by what the policies and calendars say now. A breach
 * that was recorded stays: such a clock is not touched. One that is past its new deadline is due at once.
 */
@Injectable()
export class ClockRecomputation {
  constructor(private readonly calendars: CompiledCalendars) {}

  /** The clocks of these emails. */
  async ofEmails(tx: Transaction, emailIds: number[]): Promise<void> {
    await this.recompute(tx, await held(tx, 'c.email_id = any($1)', emailIds))
  }

  /** These clocks, some of them with other starts. */
  async ofClocks(tx: Transaction, clockIds: number[], starts = new Map<number, Date>()): Promise<void> {
    await this.recompute(tx, await held(tx, 'c.id = any($1)', clockIds), starts)
  }

  /** Those of these clocks that nobody else holds: for who must not wait. */
  async ofFreeClocks(tx: Transaction, clockIds: number[]): Promise<void> {
    await this.recompute(tx, await held(tx, 'c.id = any($1)', clockIds, 'skip locked'))
  }

  private async recompute(tx: Transaction, ids: number[], starts = new Map<number, Date>()): Promise<void> {
    if (ids.length === 0) return
    const clocks = await tx.query<Recomputable>(recomputables('c.id = any($1)', PRESENT_POLICIES), [ids])
    const calendarOf = await this.calendars.load(
      tx,
      clocks.flatMap((clock) => [clock, clock.newTerms]),
    )
    const now = await tx.now()
    const changed = clocks.map((clock) => ({
      id: clock.id,
      revision: clock.newRevision,
      ...recomputed(clock, now, calendarOf, starts.get(clock.id)),
    }))
    saveClocks(tx, changed)
    wakeMonitor(tx, changed, now)
  }
}

/**
 * Locks these clocks in the order of their ids, as whoever locks several does. Apart from reading what they depend on: a
 * statement that waited for a row reads that one anew, but emails and policies as they were before.
 */
async function held(
  tx: Transaction,
  which: string,
  ids: number[],
  wait: '' | 'skip locked' = '',
): Promise<number[]> {
  if (ids.length === 0) return []
  const rows = await tx.query<{ id: number }>(
    `select c.id from sla_clocks c where ${which} and ${MAY_CHANGE} order by c.id for no key update ${wait}`,
    [ids],
  )
  return rows.map(({ id }) => id)
}
