import { isoText } from '../emails/email-facts.js'
import type { EventCatalogue, EventName } from '../events/catalogue.js'

/** What a delivery says of an event: the body of the request, as JSON. */
export interface EventBody<Name extends EventName = EventName> {
  id: string
  event: Name
  /** When it happened, in ISO 8601. */
  timestamp: string
  /** Counts the events about one email from 1; null for what is about no email. */
  sequence: number | null
  data: EventCatalogue[Name]
}

/** The body of any event: `event` says which. */
export type AnyEventBody = { [Name in EventName]: EventBody<Name> }[EventName]

const TIMESTAMP = isoText('e.occurred_at')

/** SQL: an `EventBody` as columns, of event `e`. */
export const BODY_COLUMNS = `e.id, e.name as event, ${TIMESTAMP} as "timestamp", e.sequence, e.data`

/** SQL: the same as one text, word for word what is delivered. PostgreSQL's own JSON of it takes three times as long. */
export const BODY = `('{"id":"' || e.id || '","event":"' || e.name || '","timestamp":"' || ${TIMESTAMP}
  || '","sequence":' || coalesce(e.sequence::text, 'null') || ',"data":' || e.data::text || '}')`
