import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common'
import { Config } from '../config/config.js'
import { Clock } from '../database/clock.js'
import { DueWorkRunner, type DueWork } from '../database/due-work.js'
import { EVENT_GONE, isSuccess, type Attempt } from './attempt.js'
import { DeliveryQueue, LEASE_SECONDS, type Leased } from './delivery-queue.js'
import { eventLoopIsBusy } from './event-loop.js'
import { Lanes } from './lanes.js'
import { Outcomes, type Tried } from './outcomes.js'
import { Receivers, type Receiver } from './receivers.js'
import { signatureHeaders } from './signing.js'
import { slackMessage } from './slack-message.js'
import { WebhookClient } from './webhook.client.js'
import { WEBHOOK_DELIVERIES } from './webhook-work.js'

/** By how much an attempt's end stays clear of its lease's. */
const MARGIN_MS = 3_000

type InHand = Leased & { leasedAt: number }

/** Sends the deliveries that are due, to many webhooks at once and to none too much, and has their outcomes recorded. */
@Injectable()
export class DeliveriesDispatcher implements DueWork<InHand>, OnModuleInit, OnModuleDestroy {
  readonly name = WEBHOOK_DELIVERIES
  readonly capacity: number
  private readonly lanes: Lanes
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
    this.lanes = new Lanes(config.WEBHOOK_CONCURRENCY_EACH, eventLoopIsBusy())
    this.longestWaitMs = LEASE_SECONDS * 1_000 - config.WEBHOOK_TIMEOUT_MS - MARGIN_MS
  }

  onModuleInit(): void {
    this.runner.register(this)
  }

  /** What waits in hand goes back: a stop waits for attempts under way and begins no others. */
  onModuleDestroy(): void {
    this.isStopping = true
  }

  async claim(limit: number): Promise<InHand[]> {
    const leasedAt = performance.now()
    const rooms = this.lanes.rooms()
    const leased = await this.queue.claim(limit, this.lanes.room, rooms)
    this.lanes.took(rooms, leased)
    return leased.map((delivery) => Object.assign(delivery, { leasedAt }))
  }

  async perform(delivery: InHand): Promise<void> {
    const { webhookId } = delivery
    await this.lanes.enter(webhookId)
    let tried: Tried | undefined
    try {
      tried = await this.attempt(delivery)
    } finally {
      this.lanes.leave(webhookId)
    }
    if (this.lanes.wantsMore(webhookId)) this.runner.wantMore(this.name)
    await (tried ? this.outcomes.add(tried) : this.outcomes.giveBack(delivery))
  }

  msUntilNextDue(): Promise<number | null> {
    return this.queue.msUntilNextDue(this.lanes.busy())
  }

  /** Undefined where there is no time left for it. */
  private async attempt(delivery: InHand): Promise<Tried | undefined> {
    const { webhookId, version, leasedAt } = delivery
    const receiver = await this.receivers.find(webhookId, version)
    if (!receiver || this.isStopping || performance.now() - leasedAt > this.longestWaitMs) return
    const startedAt = this.clock.now()
    const { body } = delivery
    const attempt = body === null ? EVENT_GONE : await this.send(delivery.eventId, body, receiver)
    if (isSuccess(attempt)) this.lanes.succeeded(webhookId, attempt.durationMs)
    else this.lanes.failed(webhookId)
    return { delivery, attempt, startedAt, retryCount: receiver.retryCount }
  }

  private send(eventId: string, body: Buffer, receiver: Receiver): Promise<Attempt> {
    const { url, headers, format, keys } = receiver
    const now = this.clock.now()
    const present = keys.filter(({ until }) => until === null || until > now)
    const sent = format === 'slack' ? slackBody(body) : body
    return this.client.post(
      url,
      {
        'user-agent': 'Punctual-Webhooks/1.0',
        ...headers,
        'content-type': 'application/json',
        ...signatureHeaders(
          present.map(({ key }) => key),
          eventId,
          now,
          sent,
        ),
      },
      sent,
    )
  }
}

const slackBody = (body: Buffer): Buffer =>
  Buffer.from(JSON.stringify(slackMessage(JSON.parse(body.toString()))))
