import { Injectable, type OnApplicationShutdown } from '@nestjs/common'
import { Agent } from 'undici'
import { Config } from '../config/config.js'
import { Clock } from '../database/clock.js'
import { EgressGuard } from '../egress/egress-guard.js'
import { guardedConnector } from '../egress/egress.connector.js'
import type { Attempt } from './attempt.js'
import { Exchange } from './exchange.js'

const KEEP_ALIVE_MS = 10_000
/** A receiver may ask for longer, but not to hold a socket for ten minutes. */
const LONGEST_KEEP_ALIVE_MS = 30_000
/** Then a connection is made anew: one that is always busy would never learn that its name has moved. */
const REQUESTS_PER_CONNECTION = 1_000
const MAX_HEADERS_BYTES = 16 * 1024
/** On the wire: a body that may be read to its end, and room for its being sent in chunks of a few bytes. */
const MAX_ANSWER_BYTES = 512 * 1024

/** Where a URL leads, or why nowhere. */
export type Target = { origin: string; path: string } | { refusal: Error }

/** Posts to receivers over kept connections, in HTTP/1.1. No redirect is followed and no proxy is asked. */
@Injectable()
export class WebhookClient implements OnApplicationShutdown {
  private readonly agent: Agent
  private readonly now: () => Date

  constructor(
    private readonly guard: EgressGuard,
    private readonly config: Config,
    clock: Clock,
  ) {
    this.now = () => clock.now()
    this.agent = new Agent({
      connect: guardedConnector(guard, {
        timeoutMs: config.WEBHOOK_TIMEOUT_MS,
        maxHeadBytes: MAX_HEADERS_BYTES,
        maxAnswerBytes: MAX_ANSWER_BYTES,
      }),
      // As many as attempts can be under way: none waits for another's connection while its deadline runs.
      connections: config.WEBHOOK_CONCURRENCY,
      maxRequestsPerClient: REQUESTS_PER_CONNECTION,
      keepAliveTimeout: KEEP_ALIVE_MS,
      keepAliveMaxTimeout: LONGEST_KEEP_ALIVE_MS,
      maxHeaderSize: MAX_HEADERS_BYTES,
      headersTimeout: 0, // the exchange's deadline covers both
      bodyTimeout: 0,
    })
  }

  onApplicationShutdown(): Promise<void> {
    return this.agent.destroy()
  }

  /**
   * One deadline, WEBHOOK_TIMEOUT_MS, covers all from the name's resolution to the last byte read. Never throws.
   *
   * @param headers each name before its value
   * @param tell is told once how it went, maybe at once
   */
  post(target: Target, headers: string[], body: string | Buffer, tell: (attempt: Attempt) => void): void {
    const exchange = new Exchange(this.config.WEBHOOK_TIMEOUT_MS, this.now, tell)
    if ('refusal' in target) return exchange.fail(target.refusal)
    const { origin, path } = target
    this.agent.dispatch({ origin, path, method: 'POST', headers, body }, exchange)
  }

  /** What a URL says by itself does not change; the addresses behind its name are checked for each connection. */
  targetOf(url: string): Target {
    try {
      const { origin, pathname, search } = this.guard.checkUrl(url)
      return { origin, path: pathname + search }
    } catch (error) {
      return { refusal: error as Error }
    }
  }
}
