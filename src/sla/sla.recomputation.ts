import { Injectable, type OnModuleInit } from '@nestjs/common'
import { DueWorkRunner, type DueWork } from '../database/due-work.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import type { Transaction } from '../database/transaction.js'
import { ClockRecomputation } from './clock-recomputation.js'
import { SLA_RECOMPUTATION } from '../calendars/revisions.service.js'

const BATCH = 500

/**
 * Carries a change of policies or calendars to every running clock of its tenant, a batch a transaction. The rows say how
 * far it has come, so that it goes on wherever a process died.
 */
@Injectable()
export class SlaRecomputation implements DueWork<number>, OnModuleInit {
  readonly name = SLA_RECOMPUTATION
  readonly capacity = BATCH

  constructor(
    private readonly work: UnitOfWork,
    private readonly runner: DueWorkRunner,
    private readonly recomputation: ClockRecomputation,
  ) {}

  onModuleInit(): void {
    this.runner.register(this)
  }

  claim(): Promise<number[]> {
    return this.work.run(async (tx) => {
      const [tenant] = await tx.query<{ id: string; revision: number }>(
        `select user_id as id, revision from sla_revisions where applied < revision
         order by changed_at limit 1 for no key update skip locked`,
      )
      if (!tenant) return []
      const ids = await staleClocks(tx, tenant.id, tenant.revision)
      await this.recomputation.ofClocks(tx, ids)
      if (ids.length < BATCH)
        await tx.query(`update sla_revisions set applied = $2 where user_id = $1`, [
          tenant.id,
          tenant.revision,
        ])
      tx.wake(this.name) // for the rest of this tenant, or for the next one
      return ids
    })
  }

  async msUntilNextDue(): Promise<number | null> {
    const [row] = await this.work.query<{ isOpen: boolean }>(
      `select exists (select from sla_revisions where applied < revision) as "isOpen"`,
    )
    return row!.isOpen ? 0 : null
  }
}

/** Without locks: the recomputation takes them in the order that everybody keeps. */
async function staleClocks(tx: Transaction, tenantId: string, revision: number): Promise<number[]> {
  const rows = await tx.query<{ id: number }>(
    `select id from sla_clocks
     where user_id = $1 and revision < $2 and breached_at is null and (stopped_at is null or state = 'cancelled')
     order by revision limit ${BATCH}`,
    [tenantId, revision],
  )
  return rows.map(({ id }) => id)
}
