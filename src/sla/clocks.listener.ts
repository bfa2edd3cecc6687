import { Injectable } from '@nestjs/common'
import { SlaRevisions } from '../calendars/revisions.service.js'
import type { Transaction } from '../database/transaction.js'
import type { DomainEvent } from '../events/catalogue.js'
import { On } from '../events/on.decorator.js'
import type { Signal } from '../events/signals.js'
import { ClockMerges } from './clock-merges.js'
import { ClockRecomputation } from './clock-recomputation.js'
import { ClockStarts } from './clock-starts.js'
import { ClockStops } from './clock-stops.js'
import { holdClocks } from './clock-rows.js'
import { unansweredIn } from './owed-clocks.js'

/**
 * What happens to mail starts, resumes, recomputes and stops its clocks. Who raises these events and signals holds the
 * conversation. The tenant's revision comes next, before any clock: ADR 9.
 */
@Injectable()
export class ClocksListener {
  constructor(
    private readonly revisions: SlaRevisions,
    private readonly starts: ClockStarts,
    private readonly stops: ClockStops,
    private readonly merges: ClockMerges,
    private readonly recomputation: ClockRecomputation,
  ) {}

  @On('email.received')
  async start(tx: Transaction, events: DomainEvent<'email.received'>[]): Promise<void> {
    // Nobody waits for an answer to an automatic reply or a bounce, and neither is the customer's answer.
    const human = events.filter(({ data }) => data.email.kind === 'human')
    const candidates = human.map(({ tenantId, data: { email } }) => ({
      tenantId,
      emailId: email.id,
      threadId: email.threadId,
    }))
    await this.starts.start(tx, candidates, { isNew: true })
  }

  @On('email.replied')
  async stopAtReply(tx: Transaction, events: DomainEvent<'email.replied'>[]): Promise<void> {
    this.share(tx, events)
    await this.stops.stop(
      tx,
      events.map(({ tenantId, data: { email, reply } }) => ({
        ...{ tenantId, emailId: email.id, threadId: email.threadId },
        ...{ at: reply.repliedAt, reason: 'replied' },
      })),
    )
    // A message that came after this answer was begun found the clock that has just stopped.
    for (const { tenantId, data } of events)
      await this.starts.start(tx, await unansweredIn(tx, tenantId, data.email.threadId))
  }

  @On('email.resolved')
  async stopAtResolution(tx: Transaction, events: DomainEvent<'email.resolved'>[]): Promise<void> {
    this.share(tx, events)
    await this.stops.stop(
      tx,
      events.map(({ tenantId, data: { email, resolvedAt } }) => ({
        ...{ tenantId, emailId: email.id, threadId: email.threadId },
        ...{ at: resolvedAt, reason: 'resolved' },
      })),
    )
  }

  @On('email.reopened')
  async goOn(tx: Transaction, signals: Signal<'email.reopened'>[]): Promise<void> {
    for (const { tenantId, data } of signals)
      await this.starts.start(tx, [{ tenantId, ...data }], { reopenedAt: new Date(data.at) })
  }

  @On('email.changed')
  async recompute(tx: Transaction, signals: Signal<'email.changed'>[]): Promise<void> {
    this.share(tx, signals)
    const conversations = signals.map(({ tenantId, data: { threadId } }) => ({ tenantId, threadId }))
    await holdClocks(tx, conversations)
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

  @On('conversation.merged')
  async merge(tx: Transaction, signals: Signal<'conversation.merged'>[]): Promise<void> {
    this.share(tx, signals)
    for (const { tenantId, data } of signals) await this.merges.merge(tx, tenantId, data.threadId)
  }

  private share(tx: Transaction, heard: { tenantId: string }[]): void {
    this.revisions.share(
      tx,
      heard.map(({ tenantId }) => tenantId),
    )
  }
}
