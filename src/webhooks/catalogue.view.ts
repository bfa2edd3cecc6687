import type { EventName } from '../events/catalogue.js'

/** What is delivered. The schema of its `data` is that of the event. */
export class EventBodyView {
  /**
   * The same on every attempt.
   * @example "018f3e2c-7a51-7b1e-9a51-3c1f8c0d2b7e"
   */
  id: string
  /** @example "email.received" */
  event: EventName
  /**
   * When it happened.
   * @example "2026-03-02T09:00:00.000Z"
   */
  timestamp: string
  /**
   * Counts the events about one email from 1; null for what is about no email.
   * @example 1
   */
  sequence: number | null
  data: Record<string, unknown>
}

export class CatalogueEventView {
  /** @example "email.received" */
  name: EventName
  /** @example "Raised when an email needs no further work." */
  description: string
  /** JSON Schema (2020-12) of the whole body. Properties may be added to it one day. */
  schema: Record<string, unknown>
  example: EventBodyView
}

export class EventCataloguePage {
  data: CatalogueEventView[]
  /** The catalogue is one page. */
  nextCursor: string | null
}
