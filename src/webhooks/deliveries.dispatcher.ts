import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common'
import { UnreadableSecret } from '../config/cipher.js'
import { Config } from '../config/config.js'
import { Clock } from '../database/clock.js'
import { DueWorkRunner, type DueWork } from '../database/due-work.js'
import { EVENT_GONE, isSuccess, secretUnreadable, type Attempt } from './attempt.js'
import { DeliveryQueue } from './delivery-queue.js'
import { eventLoopIsBusy } from './event-loop.js'
import { Holds } from './holds.js'
import { Lanes } from './lanes.js'
import { LEASE_SECONDS, type Leased } from './lease.js'
import type { Tried } from './outcome.js'
import { Outcomes } from './outcomes.js'
import { Receivers, type Receiver } from './receivers.js'
import { signatureHeaders } from './signing.js'
import { slackMessage } from './slack-message.js'
import { WebhookClient } from './webhook.client.js'
import { WEBHOOK_DELIVERIES } from './webhook-work.js'

/** By how much an attempt's end stays clear of its lease's. */
const MARGIN_MS = 3_000

/** Sends the deliveries that are due, to many webhooks at once and to none too much, and has their outcomes recorded. */
@Injectable()
export class DeliveriesDispatcher implements DueWork<Leased>, OnModuleInit, OnModuleDestroy {
  readonly name = WEBHOOK_DELIVERIES
  readonly capacity: number
  private readonly lanes: Lanes<Leased>
  private readonly holds = new Holds()
  private readonly logger = new Logger(DeliveriesDispatcher.name)
  private readonly longestWaitMs: number
  private isStopping = false

  constructor(
    private readonly queue: DeliveryQueue,
    private readonly runner: DueWorkRunner,
    private readonly clock: Clock,
    private readonly receivers: Receivers,
    private readonly client: WebhookClient,
    private readonly outcomes: Outcomes,
    config: Config,
  ) {
    this.capacity = config.WEBHOOK_CONCURRENCY
    this.lanes = new Lanes(config.WEBHOOK_CONCURRENCY_EACH, eventLoopIsBusy(), (one) => this.attempt(one))
    this.longestWaitMs = LEASE_SECONDS * 1_000 - config.WEBHOOK_TIMEOUT_MS - MARGIN_MS
  }

  onModuleInit(): void {
    this.runner.register(this)
  }

  /** What waits in hand goes back: a stop waits for attempts under way and begins no others. */
  onModuleDestroy(): void {
    this.isStopping = true
  }

  async claim(limit: number): Promise<Leased[]> {
    const rooms = this.lanes.rooms()
    const leased = await this.queue.claim(limit, this.lanes.room, rooms)
    this.lanes.took(rooms, leased)
    return leased
  }

  begin(deliveries: Leased[]): void {
    for (const delivery of deliveries) this.lanes.enter(delivery.webhookId, delivery)
  }

  msUntilNextDue(): Promise<number | null> {
    return this.queue.msUntilNextDue(this.lanes.busy())
  }

  /** Its turn has come. It ends by one of `recordAttempt`, `giveBack` and `abandon`, maybe at once. */
  private attempt(delivery: Leased): void {
    try {
      const receiver = this.receivers.find(delivery.webhookId, delivery.version)
      if (!(receiver instanceof Promise)) return this.send(delivery, receiver)
      receiver
        .then((found) => this.send(delivery, found))
        .catch((error: Error) => this.unsent(delivery, error))
    } catch (error) {
      this.abandon(delivery, error as Error)
    }
  }

  private send(delivery: Leased, receiver: Receiver | undefined): void {
    const { eventId, body, leasedAt } = delivery
    if (!receiver || this.isStopping || performance.now() - leasedAt > this.longestWaitMs)
      return this.giveBack(delivery)
    const parked = this.holds.whenParked(delivery)
    if (parked) return void parked.then(() => this.giveBack(delivery))
    const startedAt = this.clock.now()
    const { url, retryCount } = receiver
    const tell = (attempt: Attempt) => this.recordAttempt({ delivery, attempt, startedAt, url, retryCount })
    if (body === null) return tell(EVENT_GONE)
    const { target, headers, format, signers } = receiver
    const sent = format === 'slack' ? slackBody(body) : body
    const present = signers.filter(({ until }) => until === null || until > startedAt)
    const those = present.map(({ signer }) => signer)
    const signatures = signatureHeaders(those, eventId, startedAt, sent)
    this.client.post(target, headers.concat(signatures), sent, tell)
  }

  /**
   * The next one begins once undici lets the connection carry it, by an immediate that it makes after telling us: at once it
   * would take another one, and a busy worker go round some three times as many sockets, all of them cold.
   */
  private recordAttempt(tried: Tried): void {
    const { attempt, delivery } = tried
    const { webhookId } = delivery
    const isSlow = attempt.error === 'timed_out' // also a yes whose body never ends holds a connection for all its time
    if (isSuccess(attempt) && !isSlow) this.lanes.succeeded(webhookId, attempt.durationMs)
    else this.lanes.failed(webhookId)
    const recorded = this.outcomes.add(tried)
    if (attempt.retryAfterMs !== null) this.holds.add(webhookId, recorded)
    process.nextTick(() => setImmediate(() => this.leave(webhookId)))
  }

  /** Not tried: there is no time left for it, or nobody to send it to. */
  private giveBack(delivery: Leased): void {
    void this.outcomes.giveBack(delivery)
    this.leave(delivery.webhookId)
  }

  private unsent(delivery: Leased, error: Error): void {
    if (!(error instanceof UnreadableSecret)) return this.abandon(delivery, error)
    const attempt = secretUnreadable(error.message)
    this.recordAttempt({ delivery, attempt, startedAt: this.clock.now(), url: null, retryCount: Infinity })
  }

  /** Its lease runs out, and it is retaken. */
  private abandon({ webhookId }: Leased, error: Error): void {
    this.logger.error(error)
    this.runner.ended(this.name, 1)
    this.leave(webhookId)
  }

  private leave(webhookId: number): void {
    this.lanes.leave(webhookId)
    if (this.lanes.wantsMore(webhookId)) this.runner.wantMore(this.name)
  }
}

const slackBody = (body: Buffer): Buffer =>
  Buffer.from(JSON.stringify(slackMessage(JSON.parse(body.toString()))))
