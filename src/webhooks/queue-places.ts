/** Where a look goes on from. */
interface Place {
  /** When what lies there is due, in milliseconds. */
  dueMs: number
  /** A delivery: many are due in the same millisecond. */
  id: number
  /** When looks began to go on from each other. */
  since: number
}

/** What a look took of a webhook. */
interface Taken {
  webhookId: number
  /** How many it might have taken. */
  quota: number
  /** When the latest of them was due, in milliseconds. */
  dueMs: number
  ids: number[]
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

  /** What the look that began by `columns` has found. */
  took(taken: Taken[]): void {
    const before = this.places
    this.places = new Map()
    for (const [webhookId, those] of Map.groupBy(taken, (one) => one.webhookId)) {
      const ids = those.flatMap((one) => one.ids)
      if (ids.length < those[0]!.quota) continue // that was all: what comes next may lie anywhere
      const since = before.get(webhookId)?.since ?? this.lookedAt
      this.places.set(webhookId, {
        ...{ since, dueMs: Math.max(...those.map(({ dueMs }) => dueMs)) },
        id: Math.max(...ids),
      })
    }
  }
}
