import { Injectable } from '@nestjs/common'
import { ALWAYS_OPEN } from '../calendars/business-calendar.js'
import type { Transaction } from '../database/transaction.js'
import { after, type Entry } from './clock-life.js'
import { CLOCK_ROW, holdClocks, saveClocks, type ClockRow } from './clock-rows.js'
import { ClockRecomputation } from './clock-recomputation.js'

type Live = ClockRow & { revision: number }

/** Two conversations that prove to be one await one answer and one resolution. */
@Injectable()
export class ClockMerges {
  constructor(private readonly recomputation: ClockRecomputation) {}

  /** Of each kind one clock goes on, from the earliest start; one that was breached already stays as it is. */
  async merge(tx: Transaction, tenantId: string, threadId: string): Promise<void> {
    const held = await holdClocks(tx, [{ tenantId, threadId }])
    const rows = await tx.query<Live>(
      `select ${CLOCK_ROW}, c.revision from sla_clocks c where c.id = any($1)
       order by c.target_seconds is null, c.state = 'paused', c.started_at, c.id`,
      [held.map(({ id }) => id)],
    )
    const now = await tx.now()
    const entry: Entry = { type: 'cancelled', at: now, recordedAt: now, detail: { reason: 'merged' } }
    const starts = new Map<number, Date>()
    for (const isResolution of [true, false]) {
      const [first, ...others] = rows.filter(({ metric }) => (metric === 'resolution') === isResolution)
      const surplus = others.filter(({ breachedAt }) => breachedAt === null)
      if (!first || surplus.length === 0) continue
      const end = ({ id, revision, ...face }: Live) => ({
        id,
        revision,
        entry,
        face: after(face, entry, () => ALWAYS_OPEN),
      })
      saveClocks(tx, surplus.map(end))
      const earliest = new Date(Math.min(...[first, ...surplus].map(({ startedAt }) => startedAt.getTime())))
      if (earliest < first.startedAt) starts.set(first.id, earliest)
    }
    await this.recomputation.ofClocks(
      tx,
      [...starts.keys()].toSorted((a, b) => a - b),
      starts,
    )
  }
}
