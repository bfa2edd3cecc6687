import { Injectable } from '@nestjs/common'
import type { ClientBase } from 'pg'
import { DataSource } from 'typeorm'
import { Clock } from './clock.js'
import { Transaction } from './transaction.js'
import { WakeUps } from './wake-ups.js'

/** One visible transaction a use case. */
@Injectable()
export class UnitOfWork {
  constructor(
    private readonly source: DataSource,
    private readonly clock: Clock,
    private readonly wakeUps: WakeUps,
  ) {}

  /** Commits what `work` wrote and then wakes whoever waits for it; rolls all of it back when `work` throws. */
  async run<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
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

  /** Rows of a query outside any transaction. */
  query<Row>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    return this.source.query(sql, parameters)
  }
}
