import type { ClientBase, QueryResult, QueryResultRow } from 'pg'
import type { EntityManager } from 'typeorm'

/** A unit of work under way: everything written through it commits together, or not at all. */
export class Transaction {
  /** Names of due work written, with the milliseconds until the earliest of it is due. */
  readonly wakes = new Map<string, number>()
  private instant: Promise<Date> | undefined
  private isOver = false
  private readonly hearing: Promise<void>[] = []
  private readonly lastSteps: (() => void)[] = []
  private readonly afterwards: (() => void)[] = []
  /** What went wrong first, where nobody waited for it. */
  failure: unknown

  constructor(
    readonly manager: EntityManager,
    private readonly connection: ClientBase,
    /** As `Clock.sqlNow`. */
    readonly sqlNow: string,
    /** What this one is a part of. */
    private readonly whole?: Transaction,
  ) {}

  /** A unit of work of its own within this one: it commits, or not, with the rest. */
  part(): Transaction {
    return new Transaction(this.manager, this.connection, this.sqlNow, this)
  }

  /** Runs SQL and returns its rows, whatever the statement. */
  async query<Row>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    const { rows } = await this.ask<Row>(sql, parameters)
    return rows
  }

  /**
   * Runs a statement whose result the transaction does not need: it leaves together with the next one. Its failure is
   * the transaction's, which PostgreSQL then refuses to commit.
   *
   * @param hear is told of its rows, and how many it read or wrote, before whoever ran the unit of work hears of the commit
   */
  write<Row>(sql: string, parameters: unknown[], hear?: (rows: Row[], count: number) => void): void {
    const heard = this.ask<Row>(sql, parameters)
      .then(({ rows, rowCount }) => hear?.(rows, rowCount ?? 0))
      .catch((error: unknown) => this.fail(error))
    if (hear) this.hearing.push(heard)
  }

  /** Has this written once the work is done, right before the COMMIT: what gathers meanwhile leaves in one statement. */
  atEnd(step: () => void): void {
    this.lastSteps.push(step)
  }

  /** Has this done once the whole has ended, committed or not: of a COMMIT that was cut off nobody knows. */
  whenOver(step: () => void): void {
    if (this.whole) this.whole.whenOver(step)
    else this.afterwards.push(step)
  }

  private fail(error: unknown): void {
    this.failure ??= error
    this.whole?.fail(error)
  }

  /** The work is done. */
  end(): void {
    for (const step of this.lastSteps) step() // one may add another
  }

  /** The connection has committed it, or rolled it back. */
  ended(): void {
    for (const step of this.afterwards) step()
  }

  /** Resolves once the rows of all writes have been heard. */
  async allHeard(): Promise<void> {
    await Promise.all(this.hearing)
  }

  /** The transaction's instant by the database's clock: the same whenever asked. */
  now(): Promise<Date> {
    this.instant ??= this.query<{ now: Date }>(`select ${this.sqlNow}::timestamptz(3) as now`).then(
      ([row]) => row!.now,
    )
    return this.instant
  }

  /** Spares the question where a statement has answered it by the way. */
  learnNow(now: Date): void {
    this.instant ??= Promise.resolve(now)
  }

  private async ask<Row>(sql: string, parameters: unknown[]): Promise<QueryResult<Row & QueryResultRow>> {
    if (this.isOver) throw new Error('Asked after the end of the transaction')
    return this.connection.query<Row & QueryResultRow>(sql, parameters)
  }

  /** Its connection may soon be another's. */
  close(): void {
    this.isOver = true
  }

  /** After the commit, tells the workers of this name that something is due in so many milliseconds. */
  wake(name: string, inMs = 0): void {
    this.wakes.set(name, Math.min(inMs, this.wakes.get(name) ?? Infinity))
    this.whole?.wake(name, inMs)
  }
}
