import { Injectable } from '@nestjs/common'
import type { Transaction } from '../database/transaction.js'
import type { DomainEvent } from '../events/catalogue.js'
import { On } from '../events/on.decorator.js'
import { Clocks } from './clocks.service.js'

/** What happens to mail starts and stops its reply clock. */
@Injectable()
export class ClocksListener {
  constructor(private readonly clocks: Clocks) {}

  @On('email.received')
  start(tx: Transaction, events: DomainEvent<'email.received'>[]): Promise<void> {
    // Nobody waits for an answer to an automatic reply or a bounce.
    return this.clocks.start(
      tx,
      events.filter(({ data }) => data.email.kind === 'human'),
    )
  }

  @On('email.replied')
  stopAtReply(tx: Transaction, events: DomainEvent<'email.replied'>[]): Promise<void> {
    return this.clocks.stop(
      tx,
      events.map(({ data }) => ({ emailId: data.email.id, at: data.reply.repliedAt })),
    )
  }

  @On('email.resolved')
  stopAtResolution(tx: Transaction, events: DomainEvent<'email.resolved'>[]): Promise<void> {
    return this.clocks.stop(
      tx,
      events.map(({ data }) => ({ emailId: data.email.id, at: data.resolvedAt })),
    )
  }
}
