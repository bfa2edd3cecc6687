import { EVENT_NAMES, type EventName } from '../events/catalogue.js'

/** All that a webhook may ask for to hear of this event: its name, `email.*` for a group, `*` for everything. */
export function patternsOf(name: EventName): string[] {
  const parts = name.split('.')
  const groups = parts.slice(1).map((_, index) => `${parts.slice(0, index + 1).join('.')}.*`)
  return [name, ...groups, '*']
}

export const EVENT_PATTERNS: readonly string[] = [...new Set(EVENT_NAMES.flatMap(patternsOf))]
