import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'
import type { EventName } from '../src/events/catalogue.js'
import { aboutOf, type Told } from './about.js'

export interface Delivery {
  /** The event's: the same on every attempt. */
  id: string
  event: EventName
  attempt: number
  isVerified: boolean
  /** What the receiver answered. */
  status: number
  about: string
}

interface Wait {
  isOver: () => boolean
  resolve: () => void
}

/** A small program such as yours: takes deliveries, verifies them with the reference package, answers. */
export class Receiver {
  readonly deliveries: Delivery[] = []
  readonly waitingFor = new Set<EventName>()
  /** Shown by the app once, when the receiver subscribes. */
  secret = ''
  onDelivery: (delivery: Delivery) => void = () => {}

  private readonly server: Server
  private readonly attempts = new Map<string, number>()
  private readonly waits = new Set<Wait>()

  private constructor(private failsOnceFor: EventName | null) {
    this.server = createServer((request, response) => {
      this.take(request).then(
        (status) => response.writeHead(status).end(),
        () => response.writeHead(400).end(), // not a delivery of ours at all
      )
    })
  }

  /** @param failsOnceFor the event whose first delivery is answered 503, to see it come again */
  static async start({ failsOnceFor }: { failsOnceFor: EventName }): Promise<Receiver> {
    const receiver = new Receiver(failsOnceFor)
    receiver.server.listen(0, '127.0.0.1')
    await once(receiver.server, 'listening')
    return receiver
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hooks`
  }

  /** Resolves once so many different events of this name were delivered. */
  async untilHeard(event: EventName, times = 1): Promise<void> {
    const isOver = () => this.heard(event).length >= times
    if (isOver()) return
    this.waitingFor.add(event)
    await new Promise<void>((resolve) => this.waits.add({ isOver, resolve }))
    this.waitingFor.delete(event)
  }

  /** Accepted deliveries of this name, each event once. */
  heard(event: EventName): Delivery[] {
    const accepted = this.deliveries.filter((one) => one.event === event && one.status < 300)
    return [...new Map(accepted.map((delivery) => [delivery.id, delivery])).values()]
  }

  async stop(): Promise<void> {
    this.server.close()
    this.server.closeAllConnections()
  }

  private async take(request: IncomingMessage): Promise<number> {
    const body = await text(request)
    const told = JSON.parse(body) as Told
    const id = String(request.headers['webhook-id'])
    const attempt = (this.attempts.get(id) ?? 0) + 1
    this.attempts.set(id, attempt)
    const delivery: Delivery = {
      id,
      event: told.event,
      attempt,
      isVerified: this.verifies(body, request),
      status: this.answerTo(told.event),
      about: aboutOf(told),
    }
    this.deliveries.push(delivery)
    this.onDelivery(delivery)
    for (const wait of this.waits) {
      if (!wait.isOver()) continue
      this.waits.delete(wait)
      wait.resolve()
    }
    return delivery.status
  }

  private verifies(body: string, { headers }: IncomingMessage): boolean {
    try {
      new Webhook(this.secret).verify(body, headers as Record<string, string>)
      return true
    } catch {
      return false
    }
  }

  private answerTo(event: EventName): number {
    if (event !== this.failsOnceFor) return 204
    this.failsOnceFor = null
    return 503
  }
}
