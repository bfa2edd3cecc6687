import { Injectable, type OnModuleInit } from '@nestjs/common'
import { SLA_RECOMPUTATION } from '../calendars/revisions.service.js'
import { DueWorkRunner, type DueWork } from '../database/due-work.js'
import type { Transaction } from '../database/transaction.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { ClockRecomputation } from './clock-recomputation.js'
import { MAY_CHANGE } from './recomputables.js'

const BATCH = 500

interface Tenant {
  id: string
  revision: number
}

/**
 * Carries a change of policies or calendars to every running clock of its tenant, a batch a transaction, one tenant after
 * another. The rows say how far it has come, so that it goes on wherever a process died.
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

  async claim(): Promise<number[]> {
    let tenant: Tenant | undefined
    try {
      return await this.work.run(async (tx) => {
        tenant = await nextTenant(tx)
        if (!tenant) return []
        const ids = await staleClocks(tx, tenant)
        await this.recomputation.ofClocks(tx, ids)
        // The revision's row comes last: a change of policies that holds it waits for no clock.
        const applied = ids.length < BATCH ? tenant.revision : 0
        await tx.query(
          `update sla_revisions set swept_at = clock_timestamp(), applied = greatest(applied, $2) where user_id = $1`,
          [tenant.id, applied],
        )
        tx.wake(this.name) // for the rest of this tenant, or for the next one
        return ids
      })
    } catch (error) {
      // The others go on before this one is tried again.
      if (tenant)
        await this.work.query(`update sla_revisions set swept_at = clock_timestamp() where user_id = $1`, [
          tenant.id,
        ])
      throw error
    }
  }

  async msUntilNextDue(): Promise<number | null> {
    const [row] = await this.work.query<{ isOpen: boolean }>(
      `select exists (select from sla_revisions where applied < revision) as "isOpen"`,
    )
    return row!.isOpen ? 0 : null
  }
}

/** The one that has waited longest, unless another process is at it. Not by its row, which a change would wait for. */
async function nextTenant(tx: Transaction): Promise<Tenant | undefined> {
  const [tenant] = await tx.query<Tenant>(
    `select id, revision from (
       select user_id as id, revision from sla_revisions where applied < revision order by swept_at limit 10) open
     where pg_try_advisory_xact_lock(hashtextextended('sla sweep ' || id, 0)) limit 1`,
  )
  return tenant
}

/** Without locks: the recomputation takes them in the order that everybody keeps. */
async function staleClocks(tx: Transaction, { id, revision }: Tenant): Promise<number[]> {
  const rows = await tx.query<{ id: number }>(
    `select c.id from sla_clocks c
     where c.user_id = $1 and c.revision < $2 and ${MAY_CHANGE} order by c.revision limit ${BATCH}`,
    [id, revision],
  )
  return rows.map((row) => row.id)
}
