import { availableParallelism } from 'node:os'

/** libuv has four threads, which DNS and zlib need, too; and one processor of two is left to those who are signed in. */
export const AT_ONCE = availableParallelism() > 2 ? 2 : 1
/** Some two seconds' worth: whoever came later would have gone before its turn. */
export const MOST_WAITING = 40

/** Turns for hashing passwords, which takes tens of milliseconds of a processor and 19 MiB each. */
export class HashTurns {
  private busy = 0
  private readonly waiting: (() => void)[] = []

  /** Whether whoever comes now must be sent away. */
  get isFull(): boolean {
    return this.waiting.length >= MOST_WAITING
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.busy >= AT_ONCE) await new Promise<void>((resolve) => this.waiting.push(resolve))
    else this.busy++
    try {
      return await work()
    } finally {
      const next = this.waiting.shift()
      if (next) next()
      else this.busy--
    }
  }
}
