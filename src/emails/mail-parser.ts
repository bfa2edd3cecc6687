import { setTimeout as sleep } from 'node:timers/promises'
import { Injectable, type OnApplicationShutdown } from '@nestjs/common'
import type { ParseOutcome, ParseTask } from './mail-parser.worker.js'
import { UnreadableMail, type ParsedMail } from './parsed-mail.js'
import { Problem } from '../http/problem.js'
import { FairTurns } from '../workers/fair-turns.js'
import { computedAt, newSeat, type Seat } from '../workers/seat.js'
import { isOutOfMemory, MAX_THREADS, workerPool } from '../workers/worker-pool.js'

const MAX_HEAP_MB = 512
const SHORTEST_LOOK_MS = 20
const MAX_WAITING = 1_000
const MAX_WAITING_OF_TENANT = 500
const MAX_WAIT_MS = 45_000

/** Turns raw mail (RFC 5322, MIME) into its parts, in worker threads: a 25 MB mail must not stop the API. */
@Injectable()
export class MailParser implements OnApplicationShutdown {
  /** How long a thread may compute for one mail; then it is ended. */
  budgetMs = 5_000

  /** Piscina would queue for us, but first come, first served. */
  private readonly turns = new FairTurns({
    places: MAX_THREADS,
    maxWaiting: MAX_WAITING,
    maxWaitingEach: MAX_WAITING_OF_TENANT,
    maxWaitMs: MAX_WAIT_MS,
  })
  private readonly pool = workerPool<ParseTask, ParseOutcome>(
    import.meta.url,
    'mail-parser.worker',
    MAX_HEAP_MB,
  )

  /**
   * @param raw the mail as it came over the wire; it stays the caller's and is not changed
   * @param tenantId whose mail it is: tenants take turns, and none holds all threads
   * @throws UnreadableMail when it is not a mail, or takes more than 5 s of a thread or 512 MB to read
   * @throws Problem 503 when too much mail waits, or this has waited for 45 s
   */
  async parse(raw: Buffer, tenantId: string): Promise<ParsedMail> {
    const outcome = await this.turns.take(tenantId, tooMuchWaits, () => this.run(raw))
    if ('unreadable' in outcome) throw new UnreadableMail(outcome.unreadable, outcome.code)
    return outcome.mail
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool.close()
  }

  private async run(raw: Buffer): Promise<ParseOutcome> {
    // The copy is ours to give away. The caller's own memory is not: a small Buffer shares its pool with others,
    // and whoever holds a large one would find it empty.
    const task = { raw: new Uint8Array(raw), seat: newSeat() }
    const [done, tooLong] = [new AbortController(), new AbortController()]
    void this.watch(task.seat, done.signal, tooLong)
    try {
      return await this.pool.run(task, { transferList: [task.raw.buffer], signal: tooLong.signal })
    } catch (error) {
      if (tooLong.signal.aborted) return tooComplex('The mail takes too long to read.')
      if (isOutOfMemory(error))
        return tooComplex('The mail takes more memory to read than any honest mail does.')
      throw error
    } finally {
      done.abort()
    }
  }

  /** What a thread has computed counts, not what time it is: no mail is too complex because the machine is busy. */
  private async watch(seat: Seat, done: AbortSignal, tooLong: AbortController): Promise<void> {
    for (let left = this.budgetMs; left > 0;) {
      await sleep(Math.max(left, SHORTEST_LOOK_MS), undefined, { signal: done }).catch(() => {})
      if (done.aborted) return
      left = this.budgetMs - (await computedAt(seat, this.pool.threads))
    }
    tooLong.abort()
  }
}

const tooComplex = (unreadable: string): ParseOutcome => ({ unreadable, code: 'mail_too_complex' })

const tooMuchWaits = () =>
  new Problem(
    503,
    'mail_queue_full',
    'More mail waits to be read than may wait; send it again in a little while',
  )
