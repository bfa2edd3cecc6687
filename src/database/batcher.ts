/**
 * Gathers single writes into multi-row ones: while as many flushes as may be are under way, the next gathers. Nothing
 * waits for a timer.
 */
export class Batcher<Item> {
  private next: { items: Item[]; done: Promise<void> } | undefined
  private readonly underWay = new Set<Promise<void>>()

  /**
   * @param atOnce with two, the next is on its way to the database while this process is too busy to hear of the last;
   *   they may then end in another order
   */
  constructor(
    private readonly flush: (items: Item[]) => Promise<void>,
    private readonly atOnce = 1,
  ) {}

  /** Resolves once the flush that holds this item is done; rejects with that flush's error. */
  add(item: Item): Promise<void> {
    this.next ??= this.gather()
    this.next.items.push(item)
    return this.next.done
  }

  private gather(): { items: Item[]; done: Promise<void> } {
    const items: Item[] = []
    const room = this.underWay.size < this.atOnce ? Promise.resolve() : Promise.race(this.underWay)
    return { items, done: room.then(() => this.begin(items)) }
  }

  private begin(items: Item[]): Promise<void> {
    this.next = undefined
    const done = this.flush(items)
    const end = done.catch(() => {}).then(() => void this.underWay.delete(end))
    this.underWay.add(end)
    return done
  }
}
