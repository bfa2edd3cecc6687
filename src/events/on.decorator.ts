import { applyDecorators } from '@nestjs/common'
import { OnEvent } from '@nestjs/event-emitter'
import type { Transaction } from '../database/transaction.js'
import type { DomainEvent, EventName } from './catalogue.js'
import type { Signal, SignalName } from './signals.js'

type Heard<Name> = Name extends EventName ? DomainEvent<Name> : Name extends SignalName ? Signal<Name> : never

type Listener<Name> = (tx: Transaction, heard: Heard<Name>[]) => Promise<void> | void

/**
 * The only door by which a module hears others. The method hears whole batches, inside the transaction that raised
 * them: it writes rows and no more, and an exception takes the change back.
 */
export function On<Name extends EventName | SignalName>(...names: Name[]) {
  // Nest suppresses listeners' errors unless told otherwise, and a half-written story would commit.
  const decorate = applyDecorators(...names.map((name) => OnEvent(name, { suppressErrors: false })))
  return <T extends Listener<Name>>(
    target: object,
    key: string,
    descriptor: TypedPropertyDescriptor<T>,
  ): void => decorate(target, key, descriptor)
}
