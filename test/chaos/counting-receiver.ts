import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

/** What becomes of a request: taken, refused with a status, or cut off with no answer. */
export type Fate = 'taken' | 'refused' | 'cut'

export interface Arrival {
  event: string
  body: string
  times: number
  firstAt: number
}

/** Counts deliveries by their webhook-id, and takes its time as real receivers do. */
export class CountingReceiver {
  /** Of what was taken. */
  readonly arrivals = new Map<string, Arrival>()
  /** Of what was sent, also what was refused or cut off. */
  readonly bodies = new Map<string, string>()

  private constructor(private readonly server: Server) {}

  static async start(answerAfterMs: number, fate: () => Fate = () => 'taken'): Promise<CountingReceiver> {
    const server = createServer()
    const receiver = new CountingReceiver(server)
    server.on('request', async (request, response) => {
      const body = await text(request).catch(() => undefined)
      if (body === undefined) return // its sender died on the way: this was not received
      const id = String(request.headers['webhook-id'])
      receiver.see(id, body)
      const what = fate()
      if (what === 'taken') receiver.count(id, body)
      await sleep(answerAfterMs)
      if (what === 'cut') request.socket.destroy()
      else response.writeHead(what === 'taken' ? 204 : 500).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return receiver
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hooks`
  }

  get ids(): string[] {
    return [...this.arrivals.keys()].sort()
  }

  get total(): number {
    return this.arrivals.size + this.duplicates
  }

  /** Deliveries that came again: at least once is the promise, and the same id lets receivers see it. */
  get duplicates(): number {
    return [...this.arrivals.values()].reduce((sum, { times }) => sum + times - 1, 0)
  }

  stop(): Promise<void> {
    this.server.closeAllConnections()
    return new Promise((resolve) => this.server.close(() => resolve()))
  }

  private see(id: string, body: string): void {
    const before = this.bodies.get(id) ?? body
    if (before !== body) throw new Error(`Two bodies came under the id ${id}`)
    this.bodies.set(id, body)
  }

  private count(id: string, body: string): void {
    const before = this.arrivals.get(id)
    const { event } = JSON.parse(body) as { event: string }
    const arrival = before ?? { event, body, times: 0, firstAt: Date.now() }
    this.arrivals.set(id, { ...arrival, times: arrival.times + 1 })
  }
}
