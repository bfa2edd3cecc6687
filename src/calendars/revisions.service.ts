import { Injectable } from '@nestjs/common'
import { Clock } from '../database/clock.js'
import type { Transaction } from '../database/transaction.js'

export const SLA_RECOMPUTATION = 'sla-recomputation'

/**
 * Policies and calendars change under running clocks. A change that clocks depend on is a new revision of its tenant; a
 * clock knows the revision that it was computed at, and one of an earlier revision is computed anew before it says
 * anything more.
 */
@Injectable()
export class SlaRevisions {
  constructor(private readonly clock: Clock) {}

  /**
   * The first step of every change of policies or calendars: one after another. It waits until clocks that start at this
   * moment have committed, so that the recomputation sees them, and those that start later wait for the change.
   */
  async lock(tx: Transaction, tenantId: string): Promise<void> {
    await tx.query(`select pg_advisory_xact_lock(${lockOf('$1')})`, [tenantId])
  }

  /** What clocks depend on has changed, under the lock: every running clock of the tenant is computed anew. */
  async bump(tx: Transaction, tenantId: string): Promise<void> {
    await tx.query(
      `insert into sla_revisions (user_id, revision, changed_at) values ($1, 1, ${this.clock.sqlNow})
       on conflict (user_id) do update
         set revision = sla_revisions.revision + 1, changed_at = excluded.changed_at`,
      [tenantId],
    )
    tx.wake(SLA_RECOMPUTATION)
  }

  /** The first step of starting clocks; leaves with the statement that follows. */
  share(tx: Transaction, tenantIds: string[]): void {
    tx.write(
      `select pg_advisory_xact_lock_shared(key)
       from (select distinct ${lockOf('tenant')} as key from unnest($1::text[]) as tenant order by key) as keys`,
      [tenantIds],
    )
  }
}

const lockOf = (tenant: string) => `hashtextextended('sla ' || ${tenant}, 0)`
