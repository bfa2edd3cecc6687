import type { Body } from './api-client.js'

export interface StreamMessage {
  id: string
  event: string
  data: Body
}

export interface StreamOptions {
  query?: string
  lastEventId?: string
}

/** A program that follows a stream: fetch and the parsing rules of the HTML standard, as far as they are needed. */
export class EventStream {
  readonly messages: StreamMessage[] = []
  comments = 0
  /** To resume with; moved by messages and by ids without data. */
  lastEventId = ''
  /** Settles when the stream is over, however it ended: true when the server ended it properly. */
  readonly ended: Promise<boolean>
  private readonly leaving: AbortController
  private rest = ''

  private constructor(
    readonly response: Response,
    leaving: AbortController,
    private readonly hear: (message: StreamMessage) => void,
  ) {
    this.leaving = leaving
    this.ended = this.readAll().then(
      () => true,
      () => false,
    )
  }

  /** @throws when it is answered otherwise than with a stream */
  static async open(
    baseUrl: string,
    token: string | undefined,
    { query = '', lastEventId }: StreamOptions = {},
    hear: (message: StreamMessage) => void = () => {},
  ): Promise<EventStream> {
    const leaving = new AbortController()
    const response = await fetch(`${baseUrl}/api/events/stream${query}`, {
      headers: {
        ...(token && { authorization: `Bearer ${token}` }),
        ...(lastEventId && { 'last-event-id': lastEventId }),
      },
      signal: leaving.signal,
    })
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
    return new EventStream(response, leaving, hear)
  }

  get events(): string[] {
    return this.messages.map(({ event }) => event)
  }

  get ids(): string[] {
    return this.messages.map(({ data }) => data.id)
  }

  async close(): Promise<void> {
    this.leaving.abort()
    await this.ended
  }

  private async readAll(): Promise<void> {
    const decoder = new TextDecoder()
    for await (const chunk of this.response.body!) this.take(decoder.decode(chunk, { stream: true }))
  }

  private take(text: string): void {
    const blocks = (this.rest + text).split('\n\n')
    this.rest = blocks.pop()!
    for (const block of blocks) this.takeBlock(block.split('\n'))
  }

  private takeBlock(lines: string[]): void {
    const valueOf = (field: string) =>
      lines.find((line) => line.startsWith(`${field}: `))?.slice(field.length + 2)
    this.comments += lines.filter((line) => line.startsWith(':')).length
    this.lastEventId = valueOf('id') ?? this.lastEventId
    const data = valueOf('data')
    if (data === undefined) return
    const message = { id: this.lastEventId, event: valueOf('event')!, data: JSON.parse(data) as Body }
    this.messages.push(message)
    this.hear(message)
  }
}
