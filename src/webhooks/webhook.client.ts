import { Injectable, type OnApplicationShutdown } from '@nestjs/common'
import { Agent } from 'undici'
import { Config } from '../config/config.js'
import { EgressGuard } from './egress-guard.js'

const RESPONSE_LIMIT = 64 * 1024
const KEPT_CHARACTERS = 16 * 1024
const CONNECTIONS_PER_ORIGIN = 16

export interface Answer {
  statusCode: number
  /** The start of the response, fit for PostgreSQL. */
  body: string
}

/** Posts to receivers over kept connections. No redirects are followed and no proxy is asked. */
@Injectable()
export class WebhookClient implements OnApplicationShutdown {
  private readonly agent: Agent

  constructor(
    private readonly guard: EgressGuard,
    private readonly config: Config,
  ) {
    this.agent = new Agent({
      connections: CONNECTIONS_PER_ORIGIN,
      keepAliveTimeout: 30_000,
      connect: { lookup: guard.lookup },
    })
  }

  onApplicationShutdown(): Promise<void> {
    return this.agent.destroy()
  }

  /** One deadline covers everything from the name's resolution to the last byte read. @throws Error that says what failed */
  async post(url: string, headers: Record<string, string>, body: string): Promise<Answer> {
    const { origin, pathname, search } = this.guard.checkUrl(url)
    const signal = AbortSignal.timeout(this.config.WEBHOOK_TIMEOUT_MS)
    const response = await this.agent.request({
      origin,
      path: pathname + search,
      method: 'POST',
      headers,
      body,
      signal,
    })
    return { statusCode: response.statusCode, body: await startOf(response.body) }
  }
}

/** Reads at most 64 KiB: breaking out of the loop destroys the stream, and an endless body with it. */
async function startOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream) {
    chunks.push(chunk)
    size += chunk.length
    if (size >= RESPONSE_LIMIT) break
  }
  const text = Buffer.concat(chunks).toString('utf8').slice(0, KEPT_CHARACTERS)
  return text.replaceAll('\0', '').toWellFormed()
}
