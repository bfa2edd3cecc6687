import { Injectable } from '@nestjs/common'
import { CompiledCalendars } from '../calendars/compiled-calendars.js'
import { SlaRevisions } from '../calendars/revisions.service.js'
import type { Transaction } from '../database/transaction.js'
import { conflict } from '../http/problem.js'
import { after, type Entry, type PauseReason } from './clock-life.js'
import { CLOCK_ROW, holdClocks, saveClocks, wakeMonitor, type ClockRow } from './clock-rows.js'
import { ClockRecomputation } from './clock-recomputation.js'

type Held = ClockRow & { revision: number }
type EntryFor = (clock: ClockRow, now: Date) => Entry | undefined

const MOST_PAUSES = 1_000

/**
 * Clocks stand still while the customer's answer is awaited, or for as long as somebody says so. A message that comes
 * meanwhile still awaits its own answer.
 */
@Injectable()
export class ClockPauses {
  constructor(
    private readonly calendars: CompiledCalendars,
    private readonly revisions: SlaRevisions,
    private readonly recomputation: ClockRecomputation,
  ) {}

  /**
   * Pauses the running clocks of a conversation. One whose time is over is not paused: its breach is due.
   * @returns how many it paused
   * @throws Problem 409 for a clock that was paused a thousand times
   */
  pause(
    tx: Transaction,
    tenantId: string,
    threadId: string,
    detail: { reason: PauseReason; by?: string },
  ): Promise<number> {
    return this.change(tx, 'running', tenantId, threadId, (clock, now) => {
      if (clock.breachedAt || (clock.deadlineAt && clock.deadlineAt <= now)) return undefined
      if (clock.pauses.length >= MOST_PAUSES)
        throw conflict('too_many_pauses', `A clock can be paused ${MOST_PAUSES} times`)
      return { type: 'paused', at: now, recordedAt: now, detail }
    })
  }

  /**
   * Lets them run on.
   * @param only clocks paused for this reason
   * @param at the present, or when the customer wrote what arrives now
   * @returns how many it resumed
   */
  resume(
    tx: Transaction,
    tenantId: string,
    threadId: string,
    { only, at, by }: { only?: PauseReason; at?: Date; by?: string },
  ): Promise<number> {
    return this.change(tx, 'paused', tenantId, threadId, (clock, now) =>
      only === undefined || clock.pauseReason === only ? resumption(clock, at ?? now, now, by) : undefined,
    )
  }

  /** A clock that stands still and is stopped ends its pause with that. The transaction holds these clocks. */
  async endForStop(tx: Transaction, clockIds: number[]): Promise<void> {
    const clocks = await tx.query<Held>(
      `select ${CLOCK_ROW}, c.revision from sla_clocks c where c.id = any($1) and c.state = 'paused'`,
      [clockIds],
    )
    await this.save(tx, clocks, (clock, now) => resumption(clock, now, now))
  }

  private async change(
    tx: Transaction,
    state: 'running' | 'paused',
    tenantId: string,
    threadId: string,
    entryFor: EntryFor,
  ): Promise<number> {
    this.revisions.share(tx, [tenantId])
    const stale = (await holdClocks(tx, [{ tenantId, threadId }])).filter(({ isStale }) => isStale)
    // By what policies and calendars say now, should a change of them not have come so far.
    await this.recomputation.ofClocks(
      tx,
      stale.map(({ id }) => id),
    )
    return this.save(tx, await clocksIn(tx, state, tenantId, threadId), entryFor)
  }

  private async save(tx: Transaction, clocks: Held[], entryFor: EntryFor): Promise<number> {
    const calendarOf = await this.calendars.load(tx, clocks)
    const now = await tx.now()
    const changed = clocks.flatMap((clock) => {
      const entry = entryFor(clock, now)
      const { id, revision } = clock
      return entry ? [{ id, revision, entry, face: after(clock, entry, calendarOf) }] : []
    })
    saveClocks(tx, changed)
    wakeMonitor(tx, changed, now)
    return changed.length
  }
}

/** Never before the pause began: a transaction's instant is that of its start, and it may have waited. */
function resumption({ pausedAt }: ClockRow, at: Date, now: Date, by?: string): Entry {
  const latest = at > now ? now : at
  return { type: 'resumed', at: latest < pausedAt! ? pausedAt! : latest, recordedAt: now, detail: { by } }
}

function clocksIn(tx: Transaction, state: string, tenantId: string, threadId: string): Promise<Held[]> {
  return tx.query<Held>(
    `select ${CLOCK_ROW}, c.revision from sla_clocks c join emails e on e.id = c.email_id
     where e.thread_id = $1 and e.user_id = $2 and c.state = $3 order by c.id`,
    [threadId, tenantId, state],
  )
}
