/**
 * Gathers single writes into multi-row ones: while one flush is under way, the next gathers. Nothing waits for a timer.
 */
export class Batcher<Item> {
  private next: { items: Item[]; done: Promise<void> } | undefined
  private last: Promise<void> = Promise.resolve()

  constructor(private readonly flush: (items: Item[]) => Promise<void>) {}

  /** Resolves once the flush that holds this item is done; rejects with that flush's error. */
  add(item: Item): Promise<void> {
    this.next ??= this.gather()
    this.next.items.push(item)
    return this.next.done
  }

  private gather(): { items: Item[]; done: Promise<void> } {
    const items: Item[] = []
    const done = this.last.then(() => {
      this.next = undefined
      return this.flush(items)
    })
    this.last = done.catch(() => {})
    return { items, done }
  }
}
