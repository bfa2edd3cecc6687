/**
 * Gathers single writes into multi-row ones: while as many flushes as may be are under way, the next gathers. Nothing
 * waits for a timer.
 */
export class Batcher<Item> {
  private next: { items: Item[]; done: Promise<void> } | undefined
  /** The end of each flush that is under way or planned, by its place. */
  private readonly ends: Promise<void>[]
  private place = 0

  /** @param atOnce with more than one the next can be on its way to the database while this process is too busy to hear of the last */
  constructor(
    private readonly flush: (items: Item[]) => Promise<void>,
    atOnce = 1,
  ) {
    this.ends = Array.from({ length: atOnce }, () => Promise.resolve())
  }

  /** Resolves once the flush that holds this item is done; rejects with that flush's error. */
  add(item: Item): Promise<void> {
    this.next ??= this.gather()
    this.next.items.push(item)
    return this.next.done
  }

  private gather(): { items: Item[]; done: Promise<void> } {
    const items: Item[] = []
    const place = this.place
    this.place = (place + 1) % this.ends.length
    const done = this.ends[place]!.then(() => {
      this.next = undefined
      return this.flush(items)
    })
    this.ends[place] = done.catch(() => {})
    return { items, done }
  }
}
