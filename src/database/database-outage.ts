import { setTimeout as sleep } from 'node:timers/promises'
import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common'
import { DataSource } from 'typeorm'
import { isUnavailable } from './unavailable.js'

const ASK_EVERY_MS = 1_000
/** Our own timeouts, of a server that is there: which statement it was is worth a stack. */
const TIMEOUTS = new Set(['57014', '25P03'])

/**
 * Tells once that the database is away, and once that it is back. Everybody who asks meanwhile fails of the same, and their
 * stacks say nothing that the first line does not.
 */
@Injectable()
export class DatabaseOutage implements BeforeApplicationShutdown {
  private readonly logger = new Logger('Database')
  private isAway = false
  private isStopping = false

  constructor(private readonly source: DataSource) {}

  /** @returns whether the error comes of it: then it is told, and needs no line of its own */
  explains(error: unknown): boolean {
    const { code, message } = (error ?? {}) as { code?: string; message?: string }
    if (!isUnavailable(error) || TIMEOUTS.has(code ?? '')) return false
    if (!this.isAway && !this.isStopping) void this.tell(message ?? code ?? '')
    return true
  }

  beforeApplicationShutdown(): void {
    this.isStopping = true
  }

  private async tell(why: string): Promise<void> {
    this.isAway = true
    const since = performance.now()
    this.logger.warn(`The database does not answer: ${why}`)
    do await sleep(ASK_EVERY_MS, undefined, { ref: false })
    while (!this.isStopping && !(await this.answers()))
    this.isAway = false
    const seconds = Math.round((performance.now() - since) / 1_000)
    if (!this.isStopping) this.logger.warn(`The database answers again, after ${seconds} s`)
  }

  private answers(): Promise<boolean> {
    return this.source.query('select 1').then(
      () => true,
      () => false,
    )
  }
}
