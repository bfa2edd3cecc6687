/** Where a look goes on from. */
interface Place {
  /** When what lies there is due, in milliseconds. */
  dueMs: number
  /** The delivery there: many are due in the same millisecond. */
  id: number
  /** When looks began to go on from each other. */
  since: number
}

/** What a look took of a webhook. */
interface Taken {
  webhookId: number
  /** How many it might have taken. */
  quota: number
  count: number
  /** The last of them in the queue, and when that was due, in milliseconds. */
  lastId: number
  dueMs: number
}

/** For so long looks go on from each other: what was given back or set free before their place waits no longer. */
const FROM_START_MS = 1_000

/**
 * How far looks have come in the queues that have more than was taken: what lies before is almost all in hand, thousands of
 * rows to go over for nothing.
 */
export class QueuePlaces {
  private places = new Map<number, Place>()
  private lookedAt = 0

  /** Where a look at `now`, in milliseconds, goes on, in columns. It begins other queues at their start. */
  columns(now: number): [webhookIds: number[], dueMs: number[], ids: number[]] {
    this.lookedAt = now
    for (const [id, { since }] of this.places)
      if (now < since || now - since >= FROM_START_MS) this.places.delete(id) // a clock may be set back
    const places = [...this.places.values()]
    return [[...this.places.keys()], places.map(({ dueMs }) => dueMs), places.map(({ id }) => id)]
  }

  /**
   * What the look that began by `columns` has found.
   *
   * @param rooms how many it might take of webhooks of which some was in hand
   */
  took(taken: Taken[], rooms: Map<number, number>): void {
    const before = this.places
    const kept = [...before].filter(([id]) => rooms.get(id) === 0) // nothing was looked for there
    this.places = new Map(kept)
    for (const [webhookId, those] of Map.groupBy(taken, (one) => one.webhookId)) {
      const count = those.reduce((sum, one) => sum + one.count, 0)
      if (count < those[0]!.quota) continue // that was all: what comes next may lie anywhere
      const { dueMs, lastId: id } = those.reduce((last, one) => (isLater(one, last) ? one : last))
      this.places.set(webhookId, { dueMs, id, since: before.get(webhookId)?.since ?? this.lookedAt })
    }
  }
}

const isLater = (one: Taken, other: Taken): boolean =>
  one.dueMs > other.dueMs || (one.dueMs === other.dueMs && one.lastId > other.lastId)
