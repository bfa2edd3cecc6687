import { randomBytes } from 'node:crypto'
import { Injectable } from '@nestjs/common'
import { EventEmitter2 } from '@nestjs/event-emitter'
import type { Transaction } from '../database/transaction.js'
import type { DomainEvent, EventCatalogue, EventName } from './catalogue.js'
import { storeEvents } from './event-store.js'
import type { SignalCatalogue, SignalName } from './signals.js'
import { streamWakeUp } from './stream-wake-up.js'

export interface Draft<Data> {
  tenantId: string
  data: Data
}

/** Stores events in their transaction and lets every listener act in it. */
@Injectable()
export class Events {
  private readonly published = new WeakMap<Transaction, DomainEvent[]>()

  constructor(private readonly emitter: EventEmitter2) {}

  /**
   * Publishes one event or a batch of one name. Listeners run one after another on the transaction's connection,
   * in the order of the modules; the first error ends the whole unit of work.
   */
  async publish<Name extends EventName>(
    tx: Transaction,
    name: Name,
    drafts: Draft<EventCatalogue[Name]> | Draft<EventCatalogue[Name]>[],
  ): Promise<void> {
    const batch = [drafts].flat()
    if (batch.length === 0) return
    const occurredAt = await tx.now()
    const events = batch.map((draft) => ({ id: uuidv7(occurredAt), name, occurredAt, ...draft }))
    const listeners = this.emitter.listeners(name)
    // They attach while the application starts: an event before that would commit and never be told of.
    if (listeners.length === 0) throw new Error(`Nobody listens to ${name} yet`)
    this.publishedIn(tx).push(...(events as DomainEvent[]))
    for (const { tenantId } of events) tx.wake(streamWakeUp(tenantId))
    for (const listener of listeners) await listener(tx, events)
  }

  /** Tells the modules below, and nobody else, in the same way: nothing is stored, and nobody needs to listen. */
  async signal<Name extends SignalName>(
    tx: Transaction,
    name: Name,
    drafts: Draft<SignalCatalogue[Name]> | Draft<SignalCatalogue[Name]>[],
  ): Promise<void> {
    const signals = [drafts].flat().map((draft) => ({ name, ...draft }))
    if (signals.length === 0) return
    for (const listener of this.emitter.listeners(name)) await listener(tx, signals)
  }

  private publishedIn(tx: Transaction): DomainEvent[] {
    const known = this.published.get(tx)
    if (known) return known
    const events: DomainEvent[] = []
    this.published.set(tx, events)
    tx.atEnd(() => storeEvents(tx, events))
    return events
  }
}

/** Ids that sort by time keep the index's inserts at its right edge (RFC 9562, 5.7). */
function uuidv7(instant: Date): string {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(instant.getTime(), 0, 6)
  bytes[6] = (bytes[6]! & 0x0f) | 0x70
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
