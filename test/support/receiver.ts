import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import { vi } from 'vitest'
import type { Body } from './api-client.js'

export interface Received {
  headers: IncomingHttpHeaders
  text: string
  body: Body
}

/** A real HTTP server that webhooks are delivered to. */
export class Receiver {
  readonly received: Received[] = []
  /** The status of each answer; a test may make it fail. */
  answer: (received: Received) => number = () => 204
  /** Has an answer wait until it is let go. */
  hold: ((answer: () => void) => void) | undefined
  /** That were ever made. */
  connections = 0

  private constructor(private readonly server: Server) {}

  static async start(): Promise<Receiver> {
    const server = createServer()
    const receiver = new Receiver(server)
    server.on('connection', () => void receiver.connections++)
    server.on('request', (request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        const received = { headers: request.headers, text, body: JSON.parse(text) as Body }
        const answer = () => {
          const status = receiver.answer(received)
          receiver.received.push(received)
          response.writeHead(status).end()
        }
        if (receiver.hold) receiver.hold(answer)
        else answer()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return receiver
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hooks`
  }

  named = (event: string) => this.received.filter(({ body }) => body.event === event)

  /** By the reference package, at the instant of the test's clock. @throws when the signature does not verify */
  static verify({ headers, text }: Received, secret: string, now: Date): unknown {
    vi.useFakeTimers({ toFake: ['Date'], now })
    try {
      return new Webhook(secret).verify(text, headers as Record<string, string>)
    } finally {
      vi.useRealTimers()
    }
  }

  stop(): Promise<void> {
    this.server.closeAllConnections()
    return new Promise((resolve) => this.server.close(() => resolve()))
  }
}
