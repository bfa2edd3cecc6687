import { AsyncLocalStorage } from 'node:async_hooks'
import { Injectable } from '@nestjs/common'
import type { ClientBase } from 'pg'
import { DataSource } from 'typeorm'
import { Clock } from './clock.js'
import { SharedTransaction } from './shared-transaction.js'
import { Transaction } from './transaction.js'
import { WakeUps } from './wake-ups.js'

/** One visible transaction a use case. */
@Injectable()
export class UnitOfWork {
  private readonly shared = new AsyncLocalStorage<SharedTransaction>()

  constructor(
    private readonly source: DataSource,
    private readonly clock: Clock,
    private readonly wakeUps: WakeUps,
  ) {}

  /** Commits what `work` wrote and then wakes whoever waits for it; rolls all of it back when `work` throws. */
  async run<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const shared = this.sharedNow
    return shared ? shared.join(work) : this.runAlone(work)
  }

  /**
   * The units of work that `story` carries out, as one transaction: all of it commits together with what `first` and
   * `last` write, or nothing. `first` comes before the first unit, or before `last` where the story has none.
   */
  async runAsOne<T>(
    story: () => Promise<T>,
    first: (tx: Transaction) => Promise<void>,
    last: (tx: Transaction, result: T) => Promise<void>,
  ): Promise<T> {
    const shared = new SharedTransaction((work) => this.runAlone(work), first)
    try {
      const result = await this.shared.run(shared, story)
      await shared.join((tx) => last(tx, result))
      await shared.commit()
      return result
    } catch (error) {
      await shared.rollBack(error)
      throw error
    }
  }

  /** Reads that see one instant and write nothing. They belong to no other unit of work. */
  snapshot<T>(read: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.runAlone(async (tx) => {
      await tx.query('set transaction isolation level repeatable read read only')
      return read(tx)
    })
  }

  private async runAlone<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    let begun: Transaction | undefined
    const result = await this.source
      .transaction(async (manager) => {
        const connection = (await manager.queryRunner!.connect()) as ClientBase
        const tx = new Transaction(manager, connection, this.clock.sqlNow)
        begun = tx
        try {
          const value = await work(tx)
          tx.end()
          return value
        } finally {
          tx.close()
        }
      })
      .catch((error: unknown) => {
        throw begun?.failure ?? error
      })
      .finally(() => begun?.ended())
    await begun?.allHeard()
    for (const [name, inMs] of begun?.wakes ?? []) this.wakeUps.announce(name, inMs)
    return result
  }

  /**
   * As `run`, and answers with what `read` then finds: one statement, asked within the transaction so that it leaves
   * with the COMMIT.
   */
  async runThenRead<T, Answer>(
    work: (tx: Transaction) => Promise<T>,
    read: (tx: Transaction, result: T) => Promise<Answer>,
  ): Promise<Answer> {
    const { answer } = await this.run(async (tx) => {
      const asked = read(tx, await work(tx))
      asked.catch(() => {}) // heard below
      return { answer: asked }
    })
    return answer
  }

  /** Rows of a query outside any transaction, but for one that is shared: that holds a connection already. */
  async query<Row>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    const shared = this.sharedNow
    return shared?.hasBegun
      ? shared.join((tx) => tx.manager.query(sql, parameters))
      : this.source.query(sql, parameters)
  }

  /**
   * Timers and workers that a story has started outlive its transaction, and then run alone.
   * @throws Error in what a story that has failed left behind: alone, it would commit a part of what was rolled back
   */
  private get sharedNow(): SharedTransaction | undefined {
    const shared = this.shared.getStore()
    if (shared?.hasFailed) throw new Error('The story that this belongs to has failed and was rolled back')
    return shared?.isOver ? undefined : shared
  }
}
