interface Places {
  /** How many may be at it at once. */
  places: number
  /** How many may wait, in all and of one key. */
  maxWaiting: number
  maxWaitingEach: number
  /** How long one waits at most, in milliseconds; for ever when absent. */
  maxWaitMs?: number
}

/** @param isOwn whether it is what this key has asked for itself that leaves it no place */
type Refusal = (isOwn: boolean) => Error

/**
 * Turns at few places that many want, going round those who want one. Nobody holds all the places, so that whoever else
 * comes finds one that is free, or will be soon; a single place goes round.
 */
export class FairTurns {
  private readonly held = new Map<string, number>()
  /** In the order in which keys are next. */
  private readonly waiting = new Map<string, Set<() => void>>()
  private readonly each: number
  private busy = 0
  private queued = 0

  constructor(private readonly settings: Places) {
    this.each = Math.max(1, settings.places - 1)
  }

  /** @throws what `refusal` makes, when too many wait or this one has waited for too long */
  async take<T>(key: string, refusal: Refusal, work: () => Promise<T>): Promise<T> {
    if (!this.mayBegin(key)) await this.turn(key, refusal)
    else this.begin(key)
    try {
      return await work()
    } finally {
      this.end(key)
    }
  }

  private mayBegin(key: string): boolean {
    return this.busy < this.settings.places && (this.held.get(key) ?? 0) < this.each
  }

  private begin(key: string): void {
    this.busy++
    this.held.set(key, (this.held.get(key) ?? 0) + 1)
  }

  private end(key: string): void {
    this.busy--
    const held = this.held.get(key)! - 1
    if (held > 0) this.held.set(key, held)
    else this.held.delete(key)
    this.callNext()
  }

  private callNext(): void {
    const key = [...this.waiting.keys()].find((waiting) => this.mayBegin(waiting))
    if (key === undefined) return
    const [call] = this.waiting.get(key)!
    this.leave(key, call!)
    this.begin(key)
    call!()
  }

  /** Resolves when the place is this one's. */
  private turn(key: string, refusal: Refusal): Promise<void> {
    const { maxWaiting, maxWaitingEach, maxWaitMs } = this.settings
    const mine = this.waiting.get(key) ?? new Set()
    if (mine.size >= maxWaitingEach) throw refusal(true)
    if (this.queued >= maxWaiting) throw refusal(false)
    return new Promise((resolve, reject) => {
      const call = () => {
        clearTimeout(limit)
        resolve()
      }
      const giveUp = () => {
        this.leave(key, call)
        reject(refusal(this.held.has(key)))
      }
      const limit = maxWaitMs === undefined ? undefined : setTimeout(giveUp, maxWaitMs)
      this.queued++
      this.waiting.set(key, mine.add(call))
    })
  }

  /** Whoever of this key waits still is behind the others now. */
  private leave(key: string, call: () => void): void {
    const mine = this.waiting.get(key)!
    mine.delete(call)
    this.queued--
    this.waiting.delete(key)
    if (mine.size > 0) this.waiting.set(key, mine)
  }
}
