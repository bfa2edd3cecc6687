import type { EventName } from '../events/catalogue.js'
import type { EventsReader, Excerpt, Newest, Place } from './events.reader.js'
import type { StreamLimits } from './stream-limits.js'

/** What the streams of one tenant share: when to look, and what they see when they look from the same place. */
export class EventFeed {
  streams = 0
  /** Counts the reasons to look: whoever has seen this one may wait for the next. */
  version = 0
  /** Committed events wait for an older transaction to end: they announce themselves no more, so that somebody must ask. */
  isPending = false
  private newest: Place = [0, 0]
  private readonly waiting = new Map<() => void, Place>()
  private readonly readings = new Map<string, Promise<Excerpt>>()
  private timer: NodeJS.Timeout | undefined
  private wakeAt = Infinity
  private wokenAt = -Infinity

  /** @param askAgain is called when events are pending */
  constructor(
    readonly tenantId: string,
    private readonly reader: EventsReader,
    private readonly limits: StreamLimits,
    private readonly askAgain: () => void,
  ) {}

  /** One query for all that ask the same: at the end of the stream, those are all with the same filter. */
  read(from: Place, names: EventName[] | undefined): Promise<Excerpt> {
    const key = JSON.stringify([this.version, from, names])
    const reading = this.readings.get(key) ?? this.look(from, names).finally(() => this.readings.delete(key))
    this.readings.set(key, reading)
    return reading
  }

  /** What the shared look has found: a reason to read for whoever waits at an earlier place. */
  tell({ place, isPending }: Newest): void {
    this.isPending ||= isPending
    this.newest = place
    if ([...this.waiting.values()].some((at) => isBefore(at, place))) this.wake(0)
  }

  /**
   * Resolves when there is a reason to look that was not seen, after so many milliseconds, or when it is all over.
   * @param place up to where its stream has looked
   */
  changed(seen: number, place: Place, withinMs: number, over: AbortSignal): Promise<void> {
    if (this.version !== seen || over.aborted) return Promise.resolve()
    if (isBefore(place, this.newest)) this.wake(0)
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        over.removeEventListener('abort', done)
        this.waiting.delete(done)
        resolve()
      }
      const timer = setTimeout(done, withinMs)
      over.addEventListener('abort', done)
      this.waiting.set(done, place)
    })
  }

  /** There will be a reason to look in so many milliseconds. */
  wake(inMs: number): void {
    const now = performance.now()
    const at = Math.max(now + inMs, this.wokenAt + this.limits.gapMs)
    if (at >= this.wakeAt) return
    clearTimeout(this.timer)
    this.wakeAt = at
    this.timer = setTimeout(() => this.woken(), at - now)
  }

  close(): void {
    clearTimeout(this.timer)
    this.wakeAt = -Infinity // a reading under way plans no more
  }

  /** A failure is told to whoever asked, and tried again after a while: nothing else may happen until then. */
  private async look(from: Place, names: EventName[] | undefined): Promise<Excerpt> {
    try {
      const excerpt = await this.reader.read(this.tenantId, from, names, this.limits.pageSize)
      if (excerpt.isPending && !this.isPending) {
        this.isPending = true
        this.askAgain()
      }
      return excerpt
    } catch (error) {
      this.newest = [0, 0]
      this.wake(this.limits.pollMs)
      throw error
    }
  }

  private woken(): void {
    this.wokenAt = performance.now()
    this.wakeAt = Infinity
    this.version++
    for (const done of this.waiting.keys()) done()
  }
}

const isBefore = ([position, seq]: Place, [of, than]: Place) =>
  position < of || (position === of && seq < than)
