import { Injectable } from '@nestjs/common'
import type { Transaction } from '../database/transaction.js'
import type { DomainEvent } from '../events/catalogue.js'
import { On } from '../events/on.decorator.js'
import type { Signal } from '../events/signals.js'
import { ClockPauses } from './clock-pauses.js'
import { ClockRecomputation } from './clock-recomputation.js'
import { ClockStarts, lockConversations } from './clock-starts.js'
import { ClockStops } from './clock-stops.js'
import { unansweredIn } from './owed-clocks.js'

/** What happens to mail starts, resumes, recomputes and stops its clocks. */
@Injectable()
export class ClocksListener {
  constructor(
    private readonly starts: ClockStarts,
    private readonly stops: ClockStops,
    private readonly pauses: ClockPauses,
    private readonly recomputation: ClockRecomputation,
  ) {}

  @On('email.received')
  async start(tx: Transaction, events: DomainEvent<'email.received'>[]): Promise<void> {
    // Nobody waits for an answer to an automatic reply or a bounce, and neither is the customer's answer.
    const human = events.filter(({ data }) => data.email.kind === 'human')
    const conversations = await this.starts.start(
      tx,
      human.map(({ tenantId, data: { email } }) => ({
        tenantId,
        emailId: email.id,
        threadId: email.threadId,
      })),
    )
    for (const { tenantId, threadId, receivedAt } of conversations.filter((one) => one.awaitsCustomer))
      await this.pauses.resume(tx, tenantId, threadId, { only: 'waiting_for_customer', at: receivedAt })
  }

  @On('email.replied')
  async stopAtReply(tx: Transaction, events: DomainEvent<'email.replied'>[]): Promise<void> {
    await this.stops.stop(
      tx,
      events.map(({ data: { email, reply } }) => ({
        emailId: email.id,
        threadId: email.threadId,
        at: reply.repliedAt,
        reason: 'replied',
      })),
    )
    // A message that came after this answer had begun found the clock that has just stopped.
    for (const { tenantId, data } of events)
      await this.starts.start(tx, await unansweredIn(tx, tenantId, data.email.threadId))
  }

  @On('email.resolved')
  async stopAtResolution(tx: Transaction, events: DomainEvent<'email.resolved'>[]): Promise<void> {
    await this.stops.stop(
      tx,
      events.map(({ data: { email, resolvedAt } }) => ({
        emailId: email.id,
        threadId: email.threadId,
        at: resolvedAt,
        reason: 'resolved',
      })),
    )
  }

  @On('email.reopened')
  async goOn(tx: Transaction, signals: Signal<'email.reopened'>[]): Promise<void> {
    for (const { tenantId, data } of signals)
      await this.starts.start(tx, [{ tenantId, ...data }], new Date(data.at))
  }

  @On('email.changed')
  async recompute(tx: Transaction, signals: Signal<'email.changed'>[]): Promise<void> {
    lockConversations(
      tx,
      signals.map(({ data }) => data),
    )
    await this.recomputation.ofEmails(
      tx,
      signals.map(({ data }) => data.emailId),
    )
    // A policy without a target may have given way to one that has it.
    await this.starts.start(
      tx,
      signals.map(({ tenantId, data }) => ({ tenantId, ...data })),
    )
  }
}
