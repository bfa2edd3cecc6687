import type { Transaction } from '../database/transaction.js'
import { conflict, type Problem } from './problem.js'

/** How many rows of a table a tenant may have. */
export interface TenantLimit {
  table: string
  most: number
  /** As the error's code and its sentence say it, such as `customer tiers`. */
  name: string
  /** SQL: only rows of which this holds. */
  only?: string
}

/**
 * Comes after the rows were written. Whoever writes others of the same table at once waits until this transaction ends,
 * so that each is counted by the other. Costs as many steps in the tenant's index as it has rows.
 *
 * @throws Problem 409 `too_many_…`
 */
export async function refuseMoreThan(tx: Transaction, tenantId: string, limit: TenantLimit): Promise<void> {
  const { table, most, only = 'true' } = limit
  tx.write('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`${table} of ${tenantId}`])
  const [counted] = await tx.query<{ isOver: boolean }>(
    `select exists (select from ${table} where user_id = $1 and ${only} offset ${most}) as "isOver"`,
    [tenantId],
  )
  if (!counted!.isOver) return
  throw tooMany(limit)
}

export function tooMany({ most, name }: Pick<TenantLimit, 'most' | 'name'>): Problem {
  const code = `too_many_${name.replaceAll(' ', '_')}`
  return conflict(code, `A tenant has at most ${most.toLocaleString('en')} ${name}`)
}
