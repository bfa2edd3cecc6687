import { Injectable, Logger, type OnModuleInit } from '@nestjs/common'
import { Clock } from '../database/clock.js'
import { DueWorkRunner, type DueWork } from '../database/due-work.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { ClockEvents, DUE_CLOCK, POLICY_FACTS, type DueClock } from './clock-events.js'
import { ClockRecomputation } from './clock-recomputation.js'
import { SLA_MONITOR } from './clock-rows.js'

type Claimed = DueClock & { id: number; isStale: boolean }

/** Clocks a transaction. */
const BATCH = 500
/** Transactions at once while more is due than one takes: the database works on some while we prepare the others. */
const AT_ONCE = 4
/** Each is followed by the next without waiting for the others; a shutdown waits for so many. */
const IN_A_ROW = 4
const SET_ASIDE_MS = 5_000
/** Theirs is what is due next: the others' has to be looked for. */
const SET_ASIDE_LOOK_MS = 250

/**
 * Warns and records breaches at their instant: it sleeps until the next clock is due. A clock's row, its history, its
 * events and all that follows from them change in one transaction under the row's lock, so each happens exactly once,
 * whatever number of processes look and whenever one of them dies.
 */
@Injectable()
export class SlaMonitor implements DueWork<Claimed>, OnModuleInit {
  readonly name = SLA_MONITOR
  readonly goesFirst = true
  private readonly logger = new Logger(SlaMonitor.name)
  private readonly troubled = new Map<string, number>()
  private isRush = false

  constructor(
    private readonly work: UnitOfWork,
    private readonly runner: DueWorkRunner,
    private readonly events: ClockEvents,
    private readonly recomputation: ClockRecomputation,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.runner.register(this)
  }

  get capacity(): number {
    return this.isRush ? AT_ONCE * IN_A_ROW * BATCH : BATCH
  }

  async claim(limit: number): Promise<Claimed[]> {
    const atOnce = limit > BATCH ? AT_ONCE : 1
    const lookers = Array.from({ length: atOnce }, () => this.claimBatches(Math.ceil(limit / atOnce)))
    await Promise.allSettled(lookers) // a shutdown waits for all, also when one fails
    const claimed = (await Promise.all(lookers)).flat()
    this.isRush = claimed.length >= limit
    return claimed
  }

  private async claimBatches(limit: number): Promise<Claimed[]> {
    const claimed: Claimed[] = []
    let found: Claimed[]
    do {
      found = await this.claimBatch(Math.min(limit - claimed.length, BATCH))
      claimed.push(...found)
    } while (found.length === BATCH && claimed.length < limit)
    return claimed
  }

  async msUntilNextDue(): Promise<number | null> {
    if (this.setAside().length > 0) return SET_ASIDE_LOOK_MS
    const [row] = await this.work.query<{ ms: number | null }>(nextDueSql(this.clock.sqlNow))
    return row!.ms
  }

  /** @param only one tenant's */
  private async claimBatch(limit: number, only: string | null = null): Promise<Claimed[]> {
    let due: Claimed[] = []
    try {
      await this.work.run(async (tx) => {
        due = await tx.query<Claimed>(claimSql(this.clock.sqlNow), [limit, this.setAside(), only])
        await this.events.publish(
          tx,
          due.filter(({ isStale }) => !isStale),
        )
      })
      await this.recompute(due.filter(({ isStale }) => isStale))
      return due
    } catch (error) {
      const tenants = [...new Set(due.map(({ tenantId }) => tenantId))]
      if (tenants.length === 0 || isPassing(error as { code?: string })) throw error
      return this.isolate(tenants, limit, error as Error)
    }
  }

  /** A policy or calendar has changed and the recomputation has not come so far: what is due may not be any more. */
  private async recompute(stale: Claimed[]): Promise<void> {
    if (stale.length === 0) return
    await this.work.run((tx) =>
      this.recomputation.ofFreeClocks(
        tx,
        stale.map(({ id }) => id),
      ),
    )
  }

  /** What cannot be done for one tenant must not keep the others' clocks from speaking: each on its own, then. */
  private async isolate(tenants: string[], limit: number, error: Error): Promise<Claimed[]> {
    if (tenants.length > 1) {
      const claimed: Claimed[] = []
      for (const tenant of tenants) claimed.push(...(await this.claimBatch(limit, tenant)))
      return claimed
    }
    this.logger.error({ err: error, msg: `Tenant ${tenants[0]} is set aside for a while` })
    this.troubled.set(tenants[0]!, performance.now() + SET_ASIDE_MS)
    return []
  }

  private setAside(): string[] {
    for (const [tenant, until] of this.troubled) if (until <= performance.now()) this.troubled.delete(tenant)
    return [...this.troubled.keys()]
  }
}

/** PostgreSQL's classes 08, 40, 55 and 57: connections, deadlocks, locks, shutdowns. No tenant's fault. */
const isPassing = ({ code }: { code?: string }): boolean => /^(08|40|55|57)/.test(code ?? '')

/** By the first entry of the same index. */
export const nextDueSql = (sqlNow: string) => `
  select extract(epoch from min(next_due_at) - ${sqlNow})::float8 * 1000 as ms
  from sla_clocks where next_due_at is not null`

/**
 * Takes what is due, by the partial index and in its order, and records what that means where it is certain. $1: how
 * many, $2: tenants that are set aside, $3: the only tenant, or null.
 */
export const claimSql = (sqlNow: string) => `
  with due as (
    select id, user_id, revision, warned_at is null as "warns",
           deadline_at + interval '1 millisecond' <= ${sqlNow} as "breaches"
    from sla_clocks
    where next_due_at <= ${sqlNow} and user_id <> all($2::uuid[]) and user_id = coalesce($3, user_id) order by next_due_at limit $1 for no key update skip locked),
  fresh as (
    select due.* from due left join sla_revisions r using (user_id)
    where due.revision >= coalesce(r.revision, 0)),
  changed as (
    update sla_clocks c
    set warned_at = coalesce(c.warned_at, ${sqlNow}), breached_at = case when f."breaches" then ${sqlNow} end,
        next_due_at = case when f."breaches" then null else c.deadline_at + interval '1 millisecond' end
    from fresh f where c.id = f.id
    returning c.*, f."warns", f."breaches"),
  said as (
    insert into sla_clock_history (clock_id, type, at, recorded_at, detail)
    select c.id, v.type, v.at, ${sqlNow}, '{}'
    from changed c cross join lateral (values
      (1, 'warned', c.warning_at, c."warns"), (2, 'breached', c.deadline_at, c."breaches")
    ) as v(place, type, at, happens)
    where v.happens order by c.id, v.place),
  -- Thousands of clocks and a handful of policies: each is looked into once.
  policies as materialized (${POLICY_FACTS} where id in (select policy_version_id from changed))
  select due.id, c.id is null as "isStale", told.*, due.user_id as "tenantId"
  from due left join changed c on c.id = due.id
  left join lateral (select ${DUE_CLOCK} from emails e left join policies pv on pv.id = c.policy_version_id
    where e.id = c.email_id) told on true`
