import { Injectable, type OnModuleInit } from '@nestjs/common'
import { Config } from '../config/config.js'
import { Clock } from '../database/clock.js'
import { DueWorkRunner, type DueWork } from '../database/due-work.js'
import type { Transaction } from '../database/transaction.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { drain } from './parking.js'
import type { Recoverable } from './recoveries.dto.js'
import { PATTERNS, recoverSql, type Batch } from './recovery.sql.js'
import { WEBHOOK_RECOVERIES } from './webhook-work.js'

const BATCH = 500

interface Recovery {
  id: number
  webhookId: number
}

/**
 * Takes recoveries further, a batch of events a transaction, one recovery after another. Each batch is saved together
 * with how far it came: where a process dies, any other goes on.
 */
@Injectable()
export class RecoveriesRunner implements DueWork<number>, OnModuleInit {
  readonly name = WEBHOOK_RECOVERIES
  readonly capacity = 1

  constructor(
    private readonly work: UnitOfWork,
    private readonly runner: DueWorkRunner,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  onModuleInit(): void {
    this.runner.register(this)
  }

  async claim(): Promise<number[]> {
    let next: Recovery | undefined
    try {
      return await this.work.run(async (tx) => {
        next = await nextOne(tx)
        if (!next) return []
        await this.step(tx, next)
        return [next.id]
      })
    } catch (error) {
      // The others go on before this one is tried again.
      if (next)
        await this.work.query(`update webhook_recoveries set worked_at = clock_timestamp() where id = $1`, [
          next.id,
        ])
      throw error
    }
  }

  async msUntilNextDue(): Promise<number | null> {
    const [row] = await this.work.query<{ isOpen: boolean }>(
      `select exists (select from webhook_recoveries where state = 'running') as "isOpen"`,
    )
    return row!.isOpen ? 0 : null
  }

  /** The webhook before its recovery, as a deletion takes them. Events are enqueued meanwhile as ever. */
  private async step(tx: Transaction, { id, webhookId }: Recovery): Promise<void> {
    const { sqlNow } = this.clock
    await tx.query(`select 1 from webhooks where id = $1 for no key update`, [webhookId])
    const [recovery] = await tx.query<Asked>(
      `select user_id as "tenantId", next_seq as next, to_seq as "end", until, events, status,
         greatest(since, ${sqlNow} - $2 * interval '1 day') as since -- as in Recoveries: what has no log is not known
       from webhook_recoveries where id = $1 and state = 'running' for update`,
      [id, this.config.WEBHOOK_LOG_DAYS],
    )
    if (!recovery) return // cancelled, or gone with its webhook
    const { tenantId, next, end, since, until, events, status } = recovery
    const [batch] = await tx.query<Batch>(recoverSql(BATCH, sqlNow), [
      ...[webhookId, tenantId, next, end, since, until, events],
      ...[PATTERNS, status],
    ])
    const { last, read, failed, missed } = batch!
    if (failed + missed > 0) drain(tx, webhookId, sqlNow)
    tx.write(
      `update webhook_recoveries
       set next_seq = coalesce($2 + 1, next_seq), failed = failed + $3, missed = missed + $4, worked_at = clock_timestamp(),
           state = case when $5 then 'completed' else state end, finished_at = case when $5 then ${sqlNow} end
       where id = $1`,
      [id, last, failed, missed, read < BATCH],
    )
    tx.wake(this.name) // for the rest of it, or for the next one
  }
}

interface Asked {
  tenantId: string
  next: number
  end: number
  since: Date
  until: Date
  events: string[] | null
  status: Recoverable
}

/** Whose turn it is and nobody is at. Not by its row, which comes after the webhook's. */
async function nextOne(tx: Transaction): Promise<Recovery | undefined> {
  const [next] = await tx.query<Recovery>(
    `select id, "webhookId" from (
       select id, webhook_id as "webhookId" from webhook_recoveries where state = 'running'
       order by worked_at limit 10) open
     where pg_try_advisory_xact_lock(hashtextextended('webhook recovery ' || id, 0)) limit 1`,
  )
  return next
}
