import { Injectable } from '@nestjs/common'
import { Config } from '../config/config.js'
import { Clock } from '../database/clock.js'
import { idsBetween, type Timeline } from '../database/timeline.js'
import type { Transaction } from '../database/transaction.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { idCursor, toPage, type Page } from '../http/paging.js'
import { conflict, invalid, notFound } from '../http/problem.js'
import { namesMatching } from './event-patterns.js'
import type { RecoverDto } from './recoveries.dto.js'
import type { RecoveryView } from './recoveries.view.js'
import { countSql, PATTERNS, type Batch } from './recovery.sql.js'
import { holdKey, inactive } from './sendings.service.js'
import { WEBHOOK_RECOVERIES } from './webhook-work.js'

const DAY_MS = 86_400_000
const MOST_COUNTED = 20_000

/** A tenant's events. */
export const EVENTS: Timeline = { table: 'events', owner: 'user_id', id: 'seq', at: 'occurred_at' }

/** Has a webhook told after all of what it was not. */
@Injectable()
export class Recoveries {
  constructor(
    private readonly work: UnitOfWork,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  /**
   * Begins one, which goes on by itself; or only counts.
   * @throws Problem 400 for a time that is none or has no logs, 409 while the webhook is inactive or another one runs
   */
  recover(tenantId: string, webhookId: number, input: RecoverDto): Promise<RecoveryView> {
    const { status = 'failed', dryRun } = input
    const events = input.events ? namesMatching(input.events) : null
    return this.work.run(async (tx) => {
      const { isActive } = await holdKey(tx, tenantId, webhookId)
      const now = await tx.now()
      const until = input.until && input.until < now ? input.until : now
      const { since = this.earliest(now) } = input
      this.checkTime(since, until, now)
      const { first, end } = await idsBetween(tx, EVENTS, tenantId, since, until)
      const asked = [first, end, since, until, events]
      if (dryRun) {
        const [counted] = await tx.query<Batch>(countSql(MOST_COUNTED), [
          ...[webhookId, tenantId, ...asked],
          ...[PATTERNS, status],
        ])
        return dryRunView({ status, since, until, events, createdAt: now }, counted!, first, end)
      }
      if (!isActive) throw inactive()
      const [begun] = await tx.query<RecoveryView>(
        `insert into webhook_recoveries
           (user_id, webhook_id, from_seq, to_seq, since, until, events, status, next_seq, worked_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $3, $9, $9) on conflict do nothing returning ${VIEW}`,
        [tenantId, webhookId, ...asked, status, now],
      )
      if (!begun) throw conflict('recovery_running', 'Another recovery of this webhook is under way')
      tx.wake(WEBHOOK_RECOVERIES)
      return begun
    })
  }

  list(
    tenantId: string,
    webhookId: number,
    { limit, cursor }: { limit: number; cursor?: string },
  ): Promise<Page<RecoveryView>> {
    const before = idCursor(cursor) ?? Number.MAX_SAFE_INTEGER
    return this.work.run(async (tx) => {
      await holdKey(tx, tenantId, webhookId)
      const rows = await tx.query<RecoveryView>(
        `select ${VIEW} from webhook_recoveries where webhook_id = $1 and id < $2 order by id desc limit $3`,
        [webhookId, before, limit + 1],
      )
      return toPage(rows, limit, ({ id }) => [id])
    })
  }

  read(tenantId: string, webhookId: number, id: number): Promise<RecoveryView> {
    return this.work.run((tx) => find(tx, tenantId, webhookId, id))
  }

  /** What it has queued so far stays. One that is over stays as it is. */
  cancel(tenantId: string, webhookId: number, id: number): Promise<RecoveryView> {
    return this.work.run(async (tx) => {
      await tx.query(
        `update webhook_recoveries set state = 'cancelled', finished_at = ${this.clock.sqlNow}
         where id = $1 and webhook_id = $2 and user_id = $3 and state = 'running'`,
        [id, webhookId, tenantId],
      )
      return find(tx, tenantId, webhookId, id)
    })
  }

  /** Of what has no log any more nobody knows whether it was delivered. */
  private checkTime(since: Date, until: Date, now: Date): void {
    const days = this.config.WEBHOOK_LOG_DAYS
    if (since >= until) throw invalid('since', 'must lie before until, and before now')
    if (since < this.earliest(now))
      throw invalid('since', `must not lie further back than the logs, which are kept for ${days} days`)
  }

  private earliest(now: Date): Date {
    return new Date(now.getTime() - this.config.WEBHOOK_LOG_DAYS * DAY_MS)
  }
}

async function find(tx: Transaction, tenantId: string, webhookId: number, id: number): Promise<RecoveryView> {
  const [recovery] = await tx.query<RecoveryView>(
    `select ${VIEW} from webhook_recoveries where id = $1 and webhook_id = $2 and user_id = $3`,
    [id, webhookId, tenantId],
  )
  if (!recovery) throw notFound('recovery')
  return recovery
}

/** SQL for a `RecoveryView`. */
const VIEW = `
  id, status, since, until, events, state, failed, missed, created_at as "createdAt", finished_at as "finishedAt",
  case when state = 'completed' or to_seq <= from_seq then 100
    else (100 * (next_seq - from_seq) / (to_seq - from_seq))::integer end as "progressPercent"`

const dryRunView = (
  asked: Pick<RecoveryView, 'status' | 'since' | 'until' | 'events' | 'createdAt'>,
  { last, read, failed, missed }: Batch,
  first: number,
  end: number,
): RecoveryView => ({
  ...{ id: null, ...asked, state: 'completed', failed, missed, finishedAt: asked.createdAt },
  progressPercent: read < MOST_COUNTED ? 100 : Math.floor((100 * (last! + 1 - first)) / (end - first)),
})
