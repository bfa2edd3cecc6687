import { EVENT_NAMES, type EventName } from '../events/catalogue.js'

type GroupOf<Name extends string> = Name extends `${infer Head}.${infer Rest}`
  ? `${Head}.*` | `${Head}.${GroupOf<Rest>}`
  : never

export type EventPattern = EventName | GroupOf<EventName> | '*'

/** All that a webhook may ask for to hear of this event: its name, `email.*` for a group, `*` for everything. */
export function patternsOf(name: EventName): EventPattern[] {
  const parts = name.split('.')
  const groups = parts.slice(1).map((_, index) => `${parts.slice(0, index + 1).join('.')}.*`)
  return [name, ...(groups as EventPattern[]), '*']
}

export const EVENT_PATTERNS: readonly EventPattern[] = [...new Set(EVENT_NAMES.flatMap(patternsOf))]

/** The events that any of these patterns asks for. */
export const namesMatching = (patterns: readonly EventPattern[]): EventName[] =>
  EVENT_NAMES.filter((name) => patternsOf(name).some((pattern) => patterns.includes(pattern)))
