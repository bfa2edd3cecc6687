/** Gathers single writes into multi-row ones: while as many flushes as may be are under way, the next gathers. */
export class Batcher<Item> {
  private next: { items: Item[]; done: Promise<void> } | undefined
  private readonly underWay = new Set<Promise<void>>()
  private begunAt = -Infinity

  /**
   * @param atOnce with two, the next is on its way to the database while this process is too busy to hear of the last;
   *   they may then end in another order
   * @param apartMs how long after one begins the next does at the earliest: what each costs by itself is shared by more
   */
  constructor(
    private readonly flush: (items: Item[]) => Promise<void>,
    private readonly atOnce = 1,
    private readonly apartMs = 0,
  ) {}

  /** Resolves once the flush that holds this item is done; rejects with that flush's error. */
  add(item: Item): Promise<void> {
    this.next ??= this.gather()
    this.next.items.push(item)
    return this.next.done
  }

  private gather(): { items: Item[]; done: Promise<void> } {
    const items: Item[] = []
    return { items, done: this.turn().then(() => this.begin(items)) }
  }

  private async turn(): Promise<void> {
    const waitMs = this.begunAt + this.apartMs - performance.now()
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, Math.ceil(waitMs)))
    if (this.underWay.size >= this.atOnce) await Promise.race(this.underWay)
  }

  private begin(items: Item[]): Promise<void> {
    this.next = undefined
    this.begunAt = performance.now()
    const done = this.flush(items)
    const end = done.catch(() => {}).then(() => void this.underWay.delete(end))
    this.underWay.add(end)
    return done
  }
}
