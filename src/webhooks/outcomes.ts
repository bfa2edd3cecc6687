import { setTimeout as sleep } from 'node:timers/promises'
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common'
import { Batcher } from '../database/batcher.js'
import { Clock } from '../database/clock.js'
import { DatabaseOutage } from '../database/database-outage.js'
import { DueWorkRunner } from '../database/due-work.js'
import { arrayOf } from '../database/sql-array.js'
import type { Transaction } from '../database/transaction.js'
import { isContended, isUnavailable } from '../database/unavailable.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { FINAL_ERRORS } from './attempt-error.js'
import { isSuccess } from './attempt.js'
import { GIVE_BACK, LEASE_SECONDS, type Leased } from './lease.js'
import { apart, columnsOf, webhooksOf, type Outcome, type Tried } from './outcome.js'
import {
  BY_KEYS,
  HOLD,
  HOLD_ORDERED,
  nextInOrderSql,
  recordSql,
  type WebhookStanding,
} from './outcomes.sql.js'
import { Outages } from './outages.service.js'
import { RetrySchedule } from './retry-schedule.js'
import { dropThoseUnwanted } from './unwanted.js'
import { LET_GO, logColumns, logSql, wellSql } from './successes.sql.js'
import { WEBHOOK_DELIVERIES } from './webhook-work.js'

/** A delivery is another's by now, or not what it was. */
class NotAsClaimed extends Error {}

const TRY_AGAIN_MS = 200
/** Nobody waits for an outcome but the room that its delivery takes. */
const RECORD_APART_MS = 50

/**
 * Records how attempts went: many in one statement, each only while its lease is still ours. They are then out of this
 * process's hands.
 */
@Injectable()
export class Outcomes implements OnModuleDestroy {
  private readonly logger = new Logger(Outcomes.name)
  private readonly tried = new Batcher<Tried>(
    (batch) => this.end(batch, this.record(batch)),
    2,
    RECORD_APART_MS,
  )
  private readonly unused = new Batcher<Leased>((batch) => this.end(batch, this.free(batch)))
  private isStopping = false

  constructor(
    private readonly work: UnitOfWork,
    private readonly clock: Clock,
    private readonly retries: RetrySchedule,
    private readonly outages: Outages,
    private readonly runner: DueWorkRunner,
    private readonly outage: DatabaseOutage,
  ) {}

  /** A stop does not wait for a database that is away. */
  onModuleDestroy(): void {
    this.isStopping = true
  }

  /** Never rejects: of what cannot be recorded the lease runs out, and it is sent again. */
  add(tried: Tried): Promise<void> {
    return this.tried.add(tried)
  }

  /** Nothing was tried: any worker may take it at once. */
  giveBack(delivery: Leased): Promise<void> {
    return this.unused.add(delivery)
  }

  private async end(batch: unknown[], written: Promise<void>): Promise<void> {
    await written.catch((error: Error) => {
      if (!this.outage.explains(error)) this.logger.error(error)
    })
    this.runner.ended(WEBHOOK_DELIVERIES, batch.length)
  }

  private async record(batch: Tried[]): Promise<void> {
    const [plain, others] = apart(batch)
    const standings = await this.write((tx) => this.recordIn(tx, plain, others)).catch((error: unknown) => {
      if (!(error instanceof NotAsClaimed)) throw error
      return this.write((tx) => this.recordIn(tx, [], batch))
    })
    const unreadable = webhooksOf(batch.filter(({ attempt }) => attempt.error === 'secret_unreadable'))
    for (const standing of standings)
      await this.outages.consider(standing, {
        isUnreadable: unreadable.includes(standing.webhookId),
        takesAgain: batch.some((one) => takesAgain(standing, one)),
      })
  }

  private async recordIn(tx: Transaction, plain: Tried[], others: Tried[]): Promise<WebhookStanding[]> {
    tx.write(BY_KEYS, [])
    tx.write(HOLD, [webhooksOf([...plain, ...others])])
    let gone = 0
    const found = [
      this.recordPlain(tx, plain, (count) => (gone += count)),
      this.recordOthers(tx, others), // sent together
    ]
    const standings = (await Promise.all(found)).flat()
    await tx.allHeard()
    if (gone < plain.length) throw new NotAsClaimed()
    return standings
  }

  private async recordPlain(
    tx: Transaction,
    plain: Tried[],
    letGo: (count: number) => void,
  ): Promise<WebhookStanding[]> {
    if (plain.length === 0) return []
    for (const [token, those] of Map.groupBy(plain, ({ delivery }) => delivery.leaseToken))
      tx.write(LET_GO, [arrayOf(those.map(({ delivery }) => delivery.id)), token], (_rows, count) =>
        letGo(count),
      )
    tx.write(logSql(this.clock.sqlNow), logColumns(plain))
    return tx.query<WebhookStanding>(wellSql(this.clock.sqlNow), [webhooksOf(plain)])
  }

  private async recordOthers(tx: Transaction, tried: Tried[]): Promise<WebhookStanding[]> {
    if (tried.length === 0) return []
    const others = tried.map((one) => this.outcomeOf(one))
    const ordered = others.filter((outcome) => outcome.isOrdered).map(({ id }) => id)
    if (ordered.length > 0) tx.write(HOLD_ORDERED, [ordered])
    const standings = await tx.query<WebhookStanding>(recordSql(this.clock.sqlNow), columnsOf(others))
    const over = standings.flatMap(({ webhookId, emailsOver }) =>
      (emailsOver ?? []).map((emailId) => ({ webhookId, emailId })),
    )
    if (over.length > 0) {
      tx.write(nextInOrderSql(this.clock.sqlNow), [
        over.map(({ webhookId }) => webhookId),
        over.map(({ emailId }) => emailId),
      ])
      tx.wake(WEBHOOK_DELIVERIES)
    }
    const versions = new Map(standings.map(({ webhookId, version }) => [webhookId, version]))
    const changed = tried.filter(({ delivery }) => delivery.version < (versions.get(delivery.webhookId) ?? 0))
    await dropThoseUnwanted(tx, idsOf(changed.map(({ delivery }) => delivery)), this.clock.sqlNow)
    for (const { retry_ms } of others) if (retry_ms !== null) tx.wake(WEBHOOK_DELIVERIES, retry_ms)
    return standings
  }

  private outcomeOf({ delivery, attempt, startedAt, url, retryCount }: Tried): Outcome {
    const { statusCode, error, detail, responseBody, durationMs } = attempt
    const isFinal = isSuccess(attempt) || FINAL_ERRORS.includes(error!)
    const mayRetry = !isFinal && delivery.failures < retryCount
    return {
      id: delivery.id,
      webhook_id: delivery.webhookId,
      lease_token: delivery.leaseToken,
      started_ms: startedAt.getTime(),
      duration_ms: Math.round(durationMs),
      status_code: statusCode,
      error,
      detail,
      response_body: responseBody,
      is_success: isSuccess(attempt),
      retry_ms: mayRetry ? this.retries.waitMs(delivery.failures + 1, null) : null,
      hold_ms: attempt.retryAfterMs !== null ? this.retries.waitMs(1, attempt.retryAfterMs) : null,
      asked_by: url,
      isOrdered: delivery.isOrdered,
    }
  }

  private async free(batch: Leased[]): Promise<void> {
    await this.write(async (tx) => {
      tx.write(HOLD, [[...new Set(batch.map(({ webhookId }) => webhookId))]])
      tx.write(GIVE_BACK, [idsOf(batch), batch.map(({ leaseToken }) => leaseToken)])
      await dropThoseUnwanted(tx, idsOf(batch), this.clock.sqlNow) // its webhook may have changed since the claim
      tx.wake(WEBHOOK_DELIVERIES)
    })
  }

  /**
   * Tries until every lease in hand has ended, while the database is away or others are in the way: else all that was
   * sent at that moment is sent again. What was committed without our hearing of it, or is another's by now, the fencing
   * token keeps from changing.
   */
  private async write<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    const end = performance.now() + LEASE_SECONDS * 1_000
    for (;;) {
      try {
        return await this.work.run(work)
      } catch (error) {
        const mayPass = isUnavailable(error) || isContended(error)
        if (!mayPass || this.isStopping || performance.now() > end) throw error
        await sleep(TRY_AGAIN_MS)
      }
    }
  }
}

const idsOf = (deliveries: Leased[]) => deliveries.map(({ id }) => id)

/** What began before the receiver asked for time says nothing about it. */
const takesAgain = ({ webhookId, heldSince }: WebhookStanding, { delivery, attempt, startedAt }: Tried) =>
  heldSince !== null && delivery.webhookId === webhookId && isSuccess(attempt) && startedAt > heldSince
