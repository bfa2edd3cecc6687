import { Injectable, type OnModuleInit } from '@nestjs/common'
import { Config } from '../config/config.js'
import { Clock } from '../database/clock.js'
import { DueWorkRunner, type DueWork } from '../database/due-work.js'
import type { Transaction } from '../database/transaction.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { expireSql, FORGET_RECOVERIES, FORGET_SECRETS, forgetSql, type Forgotten } from './retention.sql.js'
import { WEBHOOK_RETENTION } from './webhook-work.js'

const HOUR_MS = 3_600_000
const BATCH = 500

/**
 * Lets go what has been kept for long enough, once an hour, in batches that nobody waits for: logs of deliveries, what
 * waited for webhooks that stayed inactive, secrets that sign no more. Several processes may do the same.
 */
@Injectable()
export class Retention implements DueWork, OnModuleInit {
  readonly name = WEBHOOK_RETENTION
  readonly capacity = 1
  private nextAt = 0
  private begunAt: number | undefined
  /** How far this sweep has come: the oldest logs have the lowest ids. */
  private after = 0

  constructor(
    private readonly work: UnitOfWork,
    private readonly runner: DueWorkRunner,
    private readonly clock: Clock,
    private readonly config: Config,
  ) {}

  onModuleInit(): void {
    this.runner.register(this)
  }

  /** One batch. What it answers is only whether there is more. */
  async claim(): Promise<unknown[]> {
    const now = this.clock.now().getTime()
    if (now < this.nextAt) return []
    this.begunAt ??= now
    const isDone = await this.work.run(async (tx) => {
      const expired = await this.expire(tx)
      const isThrough = await this.forget(tx)
      return isThrough && expired < BATCH
    })
    if (isDone) this.rest(this.begunAt)
    return isDone ? [] : ['more']
  }

  msUntilNextDue(): Promise<number | null> {
    return Promise.resolve(Math.max(1, this.nextAt - this.clock.now().getTime()))
  }

  private rest(begunAt: number): void {
    this.after = 0
    this.nextAt = begunAt + HOUR_MS
    this.begunAt = undefined
  }

  private async expire(tx: Transaction): Promise<number> {
    const [row] = await tx.query<{ expired: number }>(expireSql(this.clock.sqlNow), [BATCH])
    return row!.expired
  }

  /** Whether all that is old enough has been looked at. */
  private async forget(tx: Transaction): Promise<boolean> {
    const { sqlNow } = this.clock
    const days = this.config.WEBHOOK_LOG_DAYS
    const [row] = await tx.query<Forgotten>(forgetSql(sqlNow), [this.after, days, BATCH])
    if (row!.last !== null) {
      this.after = row!.last
      return false
    }
    tx.write(FORGET_SECRETS(sqlNow), [])
    tx.write(FORGET_RECOVERIES(sqlNow), [days])
    return true
  }
}
