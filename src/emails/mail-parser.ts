import { Injectable, type OnApplicationShutdown } from '@nestjs/common'
import type { ParseOutcome } from './mail-parser.worker.js'
import { UnreadableMail, type ParsedMail } from './parsed-mail.js'
import { isOutOfMemory, MAX_THREADS, workerPool } from '../workers/worker-pool.js'

const MAX_HEAP_MB = 512

/** Turns raw mail (RFC 5322, MIME) into its parts, in worker threads: a 25 MB mail must not stop the API. */
@Injectable()
export class MailParser implements OnApplicationShutdown {
  /** How long one mail may take, counted from when a thread is free for it. */
  timeoutMs = 30_000

  private readonly waiting: (() => void)[] = []
  private busy = 0
  private readonly pool = workerPool<Uint8Array, ParseOutcome>(
    import.meta.url,
    'mail-parser.worker',
    MAX_HEAP_MB,
  )

  /**
   * @param raw the mail as it came over the wire; it stays the caller's and is not changed
   * @throws UnreadableMail when it is not a mail, or takes more than 30 s or 512 MB to read
   */
  async parse(raw: Buffer): Promise<ParsedMail> {
    const outcome = await this.inTurn(() => this.run(raw))
    if ('unreadable' in outcome) throw new UnreadableMail(outcome.unreadable)
    return outcome.mail
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pool.close()
  }

  /** Piscina would queue for us, but with the timeout already running: a backlog would time itself out. */
  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.busy >= MAX_THREADS) await new Promise<void>((resolve) => this.waiting.push(resolve))
    else this.busy++
    try {
      return await work()
    } finally {
      const next = this.waiting.shift()
      if (next) next()
      else this.busy--
    }
  }

  private async run(raw: Buffer): Promise<ParseOutcome> {
    const timeout = AbortSignal.timeout(this.timeoutMs)
    // The copy is ours to give away. The caller's own memory is not: a small Buffer shares its pool with others,
    // and whoever holds a large one would find it empty.
    const copy = new Uint8Array(raw)
    try {
      return await this.pool.run(copy, { transferList: [copy.buffer], signal: timeout })
    } catch (error) {
      if (timeout.aborted) return { unreadable: 'The mail takes too long to read.' }
      if (isOutOfMemory(error))
        return { unreadable: 'The mail takes more memory to read than any honest mail does.' }
      throw error
    }
  }
}
