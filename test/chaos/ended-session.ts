import { setTimeout as sleep } from 'node:timers/promises'
import { ApiClient } from '../support/api-client.js'
import { EventStream } from '../support/event-stream.js'

interface Asked {
  url: string
  at: number
  status: number
}

/** Between two requests of one reader. */
const PAUSE_MS = 20

/** A session in use, by a reader and a stream on each process, that ends or loses its role in the middle of it. */
export class EndedSession {
  private endedAt = Infinity
  private isOver = false
  private readonly asked: Asked[] = []
  private readonly streamsEnded: Promise<number[]>
  private readonly reading: Promise<unknown>

  private constructor(
    private readonly client: ApiClient,
    private readonly urls: string[],
    private readonly streams: EventStream[],
  ) {
    this.streamsEnded = Promise.all(streams.map(({ ended }) => ended.then(() => performance.now())))
    this.reading = Promise.all(urls.map((url) => this.read(url)))
  }

  static async use(client: ApiClient, urls: string[]): Promise<EndedSession> {
    const streams = await Promise.all(urls.map((url) => EventStream.open(url, client.token!)))
    const session = new EndedSession(client, urls, streams)
    await sleep(Math.random() * 300)
    return session
  }

  /** Between two readings, wherever they are. */
  async end(by: (client: ApiClient) => Promise<unknown>): Promise<void> {
    await by(this.client)
    this.endedAt = performance.now()
  }

  /**
   * @returns what was still answered although it was asked later than allowed; when the last request was answered that
   *   was, and when each stream ended, in milliseconds after the end
   */
  async outcome(withinMs: number) {
    await sleep(withinMs + 200)
    this.isOver = true
    await this.reading
    const giveUp = setTimeout(() => this.streams.forEach((stream) => void stream.close()), 10_000)
    const streams = (await this.streamsEnded).map((at) => at - this.endedAt)
    clearTimeout(giveUp)
    const isRefused = ({ status }: Asked) => status === 401 || status === 403
    const late = this.asked.filter(({ at }) => at >= this.endedAt + withinMs)
    const unasked = this.urls.filter((url) => !late.some((one) => one.url === url))
    const answered = this.asked.filter((one) => !isRefused(one))
    const strange = this.asked.filter((one) => !isRefused(one) && one.status !== 200)
    return {
      lateRequests: [...late.filter((one) => !isRefused(one)), ...strange, ...unasked],
      refused: Math.max(...answered.map(({ at }) => at - this.endedAt)),
      streams,
    }
  }

  private async read(url: string): Promise<void> {
    const reader = new ApiClient(url, this.client.token)
    while (!this.isOver) {
      const at = performance.now()
      const { status } = await reader.get('/webhooks/subscribe')
      this.asked.push({ url, at, status })
      await sleep(PAUSE_MS)
    }
  }
}
