import { Injectable } from '@nestjs/common'
import type { Transaction } from '../database/transaction.js'
import { after, type Entry } from './clock-life.js'
import { CLOCK_ROW, holdConversations, saveClocks, type ClockRow } from './clock-rows.js'
import { ALWAYS_OPEN } from '../calendars/business-calendar.js'

/** Two conversations that prove to be one await one answer and one resolution. */
@Injectable()
export class ClockMerges {
  /** Of each kind the clock with the earliest start goes on; one that was breached already stays as it is. */
  async merge(tx: Transaction, tenantId: string, threadId: string): Promise<void> {
    const held = await holdConversations(tx, [{ tenantId, threadId }])
    const rows = await tx.query<ClockRow & { revision: number }>(
      `select ${CLOCK_ROW}, c.revision from sla_clocks c where c.id = any($1) order by c.started_at, c.id`,
      [held.map(({ id }) => id)],
    )
    const now = await tx.now()
    const entry: Entry = { type: 'cancelled', at: now, recordedAt: now, detail: { reason: 'merged' } }
    const surplus = [true, false].flatMap((isResolution) =>
      rows.filter(({ metric }) => (metric === 'resolution') === isResolution).slice(1),
    )
    saveClocks(
      tx,
      surplus
        .filter(({ breachedAt }) => breachedAt === null)
        .map((clock) => {
          const { id, revision } = clock
          return { id, revision, entry, face: after(clock, entry, () => ALWAYS_OPEN) }
        }),
    )
  }
}
