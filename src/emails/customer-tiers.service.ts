import { Injectable } from '@nestjs/common'
import { lowerCase } from '../database/lower-case.js'
import type { Transaction } from '../database/transaction.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { idCursor, toPage, type Page } from '../http/paging.js'
import { conflict, notFound, unprocessable, type FieldError } from '../http/problem.js'
import { tooMany } from '../http/tenant-limit.js'
import { CustomerTier } from './customer-tier.entity.js'
import type { ChangeCustomerTierDto, CustomerTierDto, CustomerTiersQuery } from './customer-tiers.dto.js'
import type { CustomerTierView, KeptTiersView } from './customer-tiers.view.js'
import type { Tier } from './email.entity.js'
import { tierMatch } from './tier-matches.js'

const MOST = { name: 'customer tiers', most: 100_000 }
const NO_MATCH = 'must be an address such as ceo@example.com or a domain such as example.com'

/** The tiers that mail gets from its sender when it arrives. */
@Injectable()
export class CustomerTiers {
  constructor(private readonly work: UnitOfWork) {}

  async list(
    tenantId: string,
    { limit, cursor, tier, q }: CustomerTiersQuery,
  ): Promise<Page<CustomerTierView>> {
    const parameters: unknown[] = [tenantId]
    const bind = (value: unknown) => `$${parameters.push(value)}`
    const before = idCursor(cursor)
    const conditions = ['user_id = $1']
    if (before) conditions.push(`id < ${bind(before)}`)
    if (tier) conditions.push(`tier = ${bind(tier)}`)
    if (q) conditions.push(`strpos(matches, ${bind(tierMatch(q) ?? lowerCase(q))}) > 0`)
    const rows = await this.work.query<CustomerTierView>(
      `select id, matches, tier, created_at as "createdAt", updated_at as "updatedAt"
       from customer_tiers where ${conditions.join(' and ')} order by id desc limit ${bind(limit + 1)}`,
      parameters,
    )
    return toPage(rows, limit, ({ id }) => [id])
  }

  /** @throws Problem 409 when the address or domain has a tier, or there are too many, 422 when it is neither */
  add(tenantId: string, { matches, tier }: CustomerTierDto): Promise<CustomerTierView> {
    const entry = { matches: checked(matches), tier, userId: tenantId }
    return this.work
      .run(async (tx) => {
        const saved = await tx.manager.save(tx.manager.create(CustomerTier, entry))
        await refuseTooMany(tx, tenantId)
        return viewOf(saved)
      })
      .catch(explain)
  }

  read(tenantId: string, id: number): Promise<CustomerTierView> {
    return this.work.run(async (tx) => viewOf(await find(tx, tenantId, id)))
  }

  /** @throws Problem 409 when another entry is for this address or domain, 422 when it is neither */
  change(tenantId: string, id: number, { matches, tier }: ChangeCustomerTierDto): Promise<CustomerTierView> {
    return this.work
      .run(async (tx) => {
        const entry = await find(tx, tenantId, id)
        const changes = { ...(matches !== undefined && { matches: checked(matches) }), ...(tier && { tier }) }
        return viewOf(await tx.manager.save(Object.assign(entry, changes)))
      })
      .catch(explain)
  }

  remove(tenantId: string, id: number): Promise<void> {
    return this.work.run(async (tx) => {
      await find(tx, tenantId, id)
      await tx.manager.delete(CustomerTier, { id, userId: tenantId })
    })
  }

  /** Adds what is new and changes what has another tier. @throws Problem 409 for too many, 422 naming what is wrong */
  keep(tenantId: string, entries: CustomerTierDto[]): Promise<KeptTiersView> {
    const given = tiersByMatch(entries)
    const rows = [...given].map(([matches, tier]) => ({ matches, tier }))
    return this.work
      .run(async (tx) => {
        const [counts] = await tx.query<{ created: number; updated: number }>(KEEP, [
          tenantId,
          JSON.stringify(rows),
        ])
        const { created, updated } = counts!
        if (created > 0) await refuseTooMany(tx, tenantId)
        return { created, updated, unchanged: given.size - created - updated }
      })
      .catch(explain)
  }
}

/** Sorted, so that two lists at once do not wait for each other. A row that was there has its old version's xmax. */
const KEEP = `
  with kept as (
    insert into customer_tiers as t (user_id, matches, tier)
    select $1, matches, tier from json_to_recordset($2) as given(matches text, tier text) order by matches
    on conflict (user_id, matches) do update set tier = excluded.tier, updated_at = now()
      where t.tier <> excluded.tier
    returning xmax = 0 as is_new)
  select (count(*) filter (where is_new))::int as created, (count(*) filter (where not is_new))::int as updated
  from kept`

/** The same entry twice is one; which of two different ones holds is not ours to guess. */
function tiersByMatch(entries: CustomerTierDto[]): Map<string, Tier> {
  const tiers = new Map<string, Tier>()
  const errors: FieldError[] = []
  for (const [index, { matches, tier }] of entries.entries()) {
    const field = `entries.${index}.matches`
    const match = tierMatch(matches)
    if (!match) errors.push({ field, message: NO_MATCH })
    else if ((tiers.get(match) ?? tier) !== tier)
      errors.push({ field, message: 'has two tiers in this list' })
    else tiers.set(match, tier)
  }
  if (errors.length > 0) throw unprocessable(errors)
  return tiers
}

/** Comes after the rows were written: until this transaction ends, others of the tenant wait for the number. */
async function refuseTooMany(tx: Transaction, tenantId: string): Promise<void> {
  const [count] = await tx.query<{ entries: number }>(
    `select entries from customer_tier_counts where user_id = $1`,
    [tenantId],
  )
  if (count!.entries > MOST.most) throw tooMany(MOST)
}

function checked(matches: string): string {
  const match = tierMatch(matches)
  if (!match) throw unprocessable([{ field: 'matches', message: NO_MATCH }])
  return match
}

async function find(tx: Transaction, tenantId: string, id: number): Promise<CustomerTier> {
  const entry = await tx.manager.findOneBy(CustomerTier, { id, userId: tenantId })
  if (!entry) throw notFound('customer tier')
  return entry
}

/** The table's own word is the only one that holds when two do the same at once. */
function explain(error: { code?: string }): never {
  if (error.code === '23505')
    throw conflict('customer_tier_exists', 'This address or domain has a tier; change that one')
  // PostgreSQL may know a later Unicode than Node, with more capital letters.
  if (error.code === '23514') throw unprocessable([{ field: 'matches', message: 'must be in lower case' }])
  throw error
}

function viewOf({ userId: _tenant, ...entry }: CustomerTier): CustomerTierView {
  return entry
}
