import { Injectable } from '@nestjs/common'
import type { Transaction } from '../database/transaction.js'
import { after, type Entry, type PauseReason } from './clock-life.js'
import { CLOCK_ROW, saveClocks, wakeMonitor, type ClockRow } from './clock-rows.js'
import { lockConversations } from './clock-starts.js'
import { ClockRecomputation } from './clock-recomputation.js'
import { CompiledCalendars } from '../calendars/compiled-calendars.js'

type Held = ClockRow & { revision: number; isStale: boolean }
type EntryFor = (clock: ClockRow, now: Date) => Entry | undefined

/** Clocks stand still while the customer's answer is awaited, or for as long as somebody says so. */
@Injectable()
export class ClockPauses {
  constructor(
    private readonly calendars: CompiledCalendars,
    private readonly recomputation: ClockRecomputation,
  ) {}

  /**
   * Pauses the running clocks of a conversation. One whose time is over is not paused: its breach is due.
   * @returns how many it paused
   */
  pause(
    tx: Transaction,
    tenantId: string,
    threadId: string,
    detail: { reason: PauseReason; by?: string },
  ): Promise<number> {
    return this.change(tx, 'running', tenantId, threadId, (clock, now) =>
      clock.breachedAt === null && clock.deadlineAt! > now
        ? { type: 'paused', at: now, recordedAt: now, detail }
        : undefined,
    )
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
      only === undefined || clock.pauseReason === only
        ? { type: 'resumed', at: within(clock.pausedAt!, at ?? now, now), recordedAt: now, detail: { by } }
        : undefined,
    )
  }

  /** A clock that stands still and is stopped ends its pause with that. The transaction holds these clocks. */
  async endForStop(tx: Transaction, clockIds: number[]): Promise<void> {
    const clocks = await tx.query<Held>(
      `select ${CLOCK_ROW}, c.revision, false as "isStale" from sla_clocks c where c.id = any($1) and c.state = 'paused'`,
      [clockIds],
    )
    await this.save(tx, clocks, (_, now) => ({ type: 'resumed', at: now, recordedAt: now, detail: {} }))
  }

  private async change(
    tx: Transaction,
    state: 'running' | 'paused',
    tenantId: string,
    threadId: string,
    entryFor: EntryFor,
  ): Promise<number> {
    lockConversations(tx, [{ threadId }])
    const held = await hold(tx, state, tenantId, threadId)
    // By what policies and calendars say now, should a change of them not have come so far.
    await this.recomputation.ofClocks(
      tx,
      held.filter(({ isStale }) => isStale).map(({ id }) => id),
    )
    return this.save(tx, await hold(tx, state, tenantId, threadId), entryFor)
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

/** In the order of their ids, as everybody does. */
function hold(tx: Transaction, state: string, tenantId: string, threadId: string): Promise<Held[]> {
  return tx.query<Held>(
    `select ${CLOCK_ROW}, c.revision, c.revision < coalesce(r.revision, 0) as "isStale"
     from sla_clocks c join emails e on e.id = c.email_id left join sla_revisions r on r.user_id = c.user_id
     where e.thread_id = $1 and e.user_id = $2 and c.state = $3 order by c.id for no key update of c`,
    [threadId, tenantId, state],
  )
}

const within = (earliest: Date, at: Date, latest: Date): Date =>
  at < earliest ? earliest : at > latest ? latest : at
