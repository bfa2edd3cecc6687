import { Injectable } from '@nestjs/common'
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
    const wakes: [string, number][] = []
    const result = await this.source.transaction(async (manager) => {
      const tx = new Transaction(manager, this.clock.sqlNow)
      const value = await work(tx)
      wakes.push(...tx.wakes)
      return value
    })
    for (const [name, inMs] of wakes) this.wakeUps.announce(name, inMs)
    return result
  }

  /** Rows of a query outside any transaction. */
  query<Row>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    return this.source.query(sql, parameters)
  }
}
