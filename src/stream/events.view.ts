import type { EventName } from '../events/catalogue.js'

/** As webhooks send it. */
export class EventView {
  /** @example "018f3e2c-7a51-7b1e-9a51-3c1f8c0d2b7e" */
  id: string
  /** @example "email.received" */
  event: EventName
  /** @example "2026-03-02T09:00:00.000Z" */
  timestamp: string
  /**
   * Counts the events about one email from 1; null for what is about no email.
   * @example 1
   */
  sequence: number | null
  data: Record<string, unknown>
}

export class TicketView {
  /**
   * Good for one `GET /api/events/stream?ticket=…`, in any process.
   * @example "q3Zr1mUuVdK0dYc0O6l7w1s8bFZ1x3n5h7k9p2r4t6v"
   */
  ticket: string
  /** Half a minute from now. */
  expiresAt: Date
}

export class EventPage {
  data: EventView[]
  /**
   * Pass it as `after` to go on from here, now or at any later time. Never null: the end of the stream is only its end so
   * far. It may move on although `data` is empty, past events that were not asked for.
   * @example "WzcyNjEwNiw0MTdd"
   */
  nextCursor: string
  /** Ask again at once: more is there already. Otherwise come back later. */
  hasMore: boolean
}
