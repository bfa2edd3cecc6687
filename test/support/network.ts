import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface Passed {
  headers: Record<string, string>
  body: string
  /** What the receiver answered. */
  status: number
}

/** Of the hop, not of the message (RFC 9110, 7.6.1). */
const HOP = ['host', 'connection', 'keep-alive', 'content-length', 'transfer-encoding']

/** What lies between the application and a receiver: passes requests on, and may lose the answers. */
export class Network {
  readonly passed: Passed[] = []
  /** Where the receiver listens. */
  target = ''
  losesAnswers = false

  private constructor(private readonly server: Server) {}

  static async open(): Promise<Network> {
    const server = createServer()
    const network = new Network(server)
    server.on('request', (request, response) => {
      network.pass(request).then(
        (status) => (network.losesAnswers ? request.socket.destroy() : response.writeHead(status).end()),
        () => request.socket.destroy(),
      )
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return network
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hooks`
  }

  /** Sends what anyone might, and gives the status of the answer. */
  async send({ headers, body }: Omit<Passed, 'status'>): Promise<number> {
    const { status } = await fetch(this.target, { method: 'POST', headers, body })
    return status
  }

  close(): Promise<void> {
    this.server.closeAllConnections()
    return new Promise((resolve) => this.server.close(() => resolve()))
  }

  private async pass(request: IncomingMessage): Promise<number> {
    const kept = Object.entries(request.headers).filter(([name]) => !HOP.includes(name))
    const headers = Object.fromEntries(kept) as Record<string, string>
    const body = await text(request)
    const status = await this.send({ headers, body })
    this.passed.push({ headers, body, status })
    return status
  }
}
