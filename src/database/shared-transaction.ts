import type { Transaction } from './transaction.js'

/** Opens a transaction, commits what `work` wrote, and rolls it back when `work` throws. */
type Run = (work: (tx: Transaction) => Promise<void>) => Promise<void>

/** One transaction for several units of work: it begins with the first of them, and is committed after the last. */
export class SharedTransaction {
  private begun: Promise<Transaction> | undefined
  private over: Promise<void> | undefined
  private readonly end = Promise.withResolvers<void>()
  private failure: unknown
  isOver = false
  hasFailed = false

  constructor(
    private readonly run: Run,
    /** Comes before the first unit. */
    private readonly first: (tx: Transaction) => Promise<void>,
  ) {
    this.end.promise.catch(() => {}) // heard by the transaction, where there is one
  }

  get hasBegun(): boolean {
    return this.begun !== undefined
  }

  /** Carries out a unit. One that fails takes all with it, even where its failure is handled: part of it may be written. */
  async join<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    let part: Transaction | undefined
    try {
      part = (await this.begin()).part()
      const value = await work(part)
      part.end()
      await part.allHeard()
      return value
    } catch (error) {
      this.failure ??= part?.failure ?? error
      throw part?.failure ?? error
    } finally {
      part?.close()
    }
  }

  async commit(): Promise<void> {
    if (this.failure) throw this.failure
    this.isOver = true
    this.end.resolve()
    await this.over
  }

  async rollBack(reason: unknown): Promise<void> {
    this.isOver = true
    this.hasFailed = true
    this.end.reject(reason)
    await Promise.allSettled([this.over])
  }

  private begin(): Promise<Transaction> {
    return (this.begun ??= this.open())
  }

  private open(): Promise<Transaction> {
    const { promise, resolve, reject } = Promise.withResolvers<Transaction>()
    this.over = this.run(async (tx) => {
      await this.first(tx)
      resolve(tx)
      await this.end.promise
    })
    this.over.catch(reject)
    return promise
  }
}
