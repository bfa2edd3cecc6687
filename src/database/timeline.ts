import type { Transaction } from './transaction.js'
import type { UnitOfWork } from './unit-of-work.js'

/** Rows with ids that grow with time, and an index on (owner, id). */
export interface Timeline {
  table: string
  owner: string
  id: string
  at: string
}

/** By how much ids and instants may disagree: a row's instant is that of its transaction, which may have lasted. */
const MARGIN_MS = 5 * 60_000

const AFTER_ALL = Number.MAX_SAFE_INTEGER

/**
 * Between which ids an owner's rows of a time lie, `end` not included; a few others do as well. Found by halving, some
 * thirty steps into the index there is in any case: one by time would cost every insert.
 */
export async function idsBetween(
  source: Transaction | UnitOfWork,
  timeline: Timeline,
  owner: number | string,
  since?: Date,
  until?: Date,
): Promise<{ first: number; end: number }> {
  const firstAt = async (instant: number) => {
    const [row] = await source.query<{ id: number }>(halving(timeline), [owner, new Date(instant)])
    return row?.id ?? 0 // they have no rows
  }
  return {
    first: since ? await firstAt(since.getTime() - MARGIN_MS) : 0,
    end: until ? await firstAt(until.getTime() + MARGIN_MS) : AFTER_ALL,
  }
}

/** $1: owner, $2: instant. The first id of that instant or later, or one past the last. */
const halving = ({ table, owner, id, at }: Timeline) => `
  with recursive halving(low, high) as (
    select min(${id}), max(${id}) + 1 from ${table} where ${owner} = $1
    union all
    select case when probe.is_before then probe.id + 1 else low end,
           case when probe.is_before then high else (low + high) / 2 end
    from halving cross join lateral (
      select ${id} as id, ${at} < $2 as is_before from ${table}
      where ${owner} = $1 and ${id} >= (low + high) / 2 order by ${id} limit 1) probe
    where low < high)
  select low as id from halving where low = high`
