import { randomUUID } from 'node:crypto'
import { Injectable, type OnModuleInit } from '@nestjs/common'
import { Cipher } from '../config/cipher.js'
import { Config } from '../config/config.js'
import { Batcher } from '../database/batcher.js'
import { Clock } from '../database/clock.js'
import { DueWorkRunner, type DueWork } from '../database/due-work.js'
import { retryDelayMs } from '../database/retry-schedule.js'
import { UnitOfWork } from '../database/unit-of-work.js'
import { isSuccess, type Attempt } from './attempt.js'
import { WEBHOOK_DELIVERIES } from './outbox.listener.js'
import { signatureHeaders } from './signing.js'
import { WebhookClient } from './webhook.client.js'
import type { DeliveryStatus } from './webhook-log.entity.js'
import { sealedFor } from './webhooks.service.js'

interface Delivery {
  id: number
  leaseToken: string
  attempts: number
  eventId: string
  body: string
  tenantId: string
  url: string
  secret: string
  headers: Record<string, string>
  retryCount: number
}

interface Outcome {
  id: number
  leaseToken: string
  status: DeliveryStatus
  statusCode: number | null
  responseBody: string | null
  errorMessage: string | null
  retryInMs: number | null
}

/** Longer than WEBHOOK_TIMEOUT_MS may be: while an attempt is under way nobody else takes its row. */
const LEASE_SECONDS = 30

/** Sends the deliveries that are due and records how each went. */
@Injectable()
export class DeliveriesDispatcher implements DueWork<Delivery>, OnModuleInit {
  readonly name = WEBHOOK_DELIVERIES
  readonly capacity: number
  private readonly outcomes = new Batcher<Outcome>((batch) => this.record(batch))

  constructor(
    private readonly work: UnitOfWork,
    private readonly runner: DueWorkRunner,
    private readonly clock: Clock,
    private readonly cipher: Cipher,
    private readonly client: WebhookClient,
    config: Config,
  ) {
    this.capacity = config.WEBHOOK_CONCURRENCY
  }

  onModuleInit(): void {
    this.runner.register(this)
  }

  claim(limit: number): Promise<Delivery[]> {
    const { sqlNow } = this.clock
    return this.work.run((tx) =>
      tx.query<Delivery>(
        `with due as (
           select id from webhook_logs where due_at <= ${sqlNow} order by due_at, id limit $1 for update skip locked)
         update webhook_logs l
         set attempts = attempts + 1, lease_token = $2, due_at = ${sqlNow} + interval '${LEASE_SECONDS} seconds'
         from due, webhooks w where l.id = due.id and w.id = l.webhook_id
         returning l.id, l.lease_token as "leaseToken", l.attempts, l.event_id as "eventId", l.payload::text as body,
           w.user_id as "tenantId", w.url, w.secret, w.headers, w.retry_count as "retryCount"`,
        [limit, randomUUID()],
      ),
    )
  }

  async perform(delivery: Delivery): Promise<void> {
    const { id, leaseToken } = delivery
    const result = await this.send(delivery).then(answered, failed)
    const mayRetry = result.errorMessage !== null && delivery.attempts <= delivery.retryCount
    const retryInMs = mayRetry ? retryDelayMs(delivery.attempts) : null
    const status = result.errorMessage === null ? 'success' : mayRetry ? 'pending' : 'failed'
    await this.outcomes.add({ id, leaseToken, ...result, status, retryInMs })
  }

  async msUntilNextDue(): Promise<number | null> {
    const [row] = await this.work.query<{ ms: number | null }>(
      `select extract(epoch from min(due_at) - ${this.clock.sqlNow})::float8 * 1000 as ms
       from webhook_logs where due_at is not null`,
    )
    return row!.ms
  }

  private async send({ tenantId, eventId, body, ...delivery }: Delivery): Promise<Attempt> {
    const open = (sealed: string) => this.cipher.open(sealed, sealedFor(tenantId))
    const custom = Object.entries(delivery.headers).map(([name, value]) => [name, open(value)])
    return this.client.post(
      delivery.url,
      {
        'user-agent': 'Punctual-Webhooks/1.0',
        ...(Object.fromEntries(custom) as Record<string, string>),
        'content-type': 'application/json',
        ...signatureHeaders(open(delivery.secret), eventId, this.clock.now(), body),
      },
      body,
    )
  }

  /** Many outcomes in one statement, each only while its lease is still ours. */
  private async record(outcomes: Outcome[]): Promise<void> {
    const { sqlNow } = this.clock
    await this.work.run(async (tx) => {
      for (const { retryInMs } of outcomes) if (retryInMs !== null) tx.wake(this.name, retryInMs)
      await tx.query(
        `with o as (
           select * from json_to_recordset($1) as o(id bigint, "leaseToken" uuid, status text, "statusCode" integer,
             "responseBody" text, "errorMessage" text, "retryInMs" bigint)),
         -- Webhooks before their deliveries, as a deletion locks them, and in one order: all else deadlocks.
         held as (
           select id from webhooks
           where id in (select webhook_id from webhook_logs where id in (select id from o))
           order by id for no key update),
         recorded as (
           update webhook_logs l
           set status = o.status, status_code = o."statusCode", response_body = o."responseBody",
               error_message = o."errorMessage", lease_token = null,
               completed_at = case when o.status <> 'pending' then ${sqlNow} end,
               due_at = ${sqlNow} + o."retryInMs" * interval '1 millisecond'
           from o, held where l.webhook_id = held.id and l.id = o.id and l.lease_token = o."leaseToken"
           returning l.id, l.webhook_id, l.error_message),
         latest as (select distinct on (webhook_id) * from recorded order by webhook_id, id desc)
         update webhooks w
         set last_triggered_at = ${sqlNow}, last_error = latest.error_message,
             last_status = case when latest.error_message is null then 'success' else 'failed' end
         from latest where w.id = latest.webhook_id`,
        [JSON.stringify(outcomes)],
      )
    })
  }
}

type Result = Pick<Outcome, 'statusCode' | 'responseBody' | 'errorMessage'>

function answered(attempt: Attempt): Result {
  const { statusCode, responseBody, detail } = attempt
  return { statusCode, responseBody, errorMessage: isSuccess(attempt) ? null : detail }
}

function failed(error: Error): Result {
  const text = error.message || error.name
  return {
    statusCode: null,
    responseBody: null,
    errorMessage: text.slice(0, 500).replaceAll('\0', '').toWellFormed(),
  }
}
