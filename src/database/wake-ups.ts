import { setTimeout as sleep } from 'node:timers/promises'
import { randomUUID } from 'node:crypto'
import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common'
import { Client } from 'pg'
import { DataSource } from 'typeorm'
import { DatabaseOutage } from './database-outage.js'
import { PostgresServer } from './postgres-server.js'

const CHANNEL = 'punctual_wake'
const COALESCE_MS = 10
/** PostgreSQL refuses a payload of 8,000 bytes. */
const NAMES_A_MESSAGE = 100
const RECONNECT_MS = 1_000
const CONNECT_WITHIN_MS = 10_000
/** A connection whose other end vanished without a word is silent like one on which nothing happens: it is asked. */
const ASK_EVERY_MS = 4_000
const ANSWER_WITHIN_MS = 4_000
/**
 * Workers look this often in any case: what is due later needs no message, and a lost one costs no more than this. What
 * is due is on its way within 5 s, also while no message arrives.
 */
export const POLL_MS = 4_000

type Listener = (inMs: number) => void

/**
 * Tells whoever waits, here at once and in other processes through NOTIFY, that due work was written. Only a hint:
 * polling finds everything, and is all there is behind a pooler without DATABASE_DIRECT_URL. At most one NOTIFY each 10 ms, outside the commits: one inside each would serialise them.
 */
@Injectable()
export class WakeUps implements BeforeApplicationShutdown {
  private readonly logger = new Logger(WakeUps.name)
  private readonly sender = randomUUID()
  private readonly listeners = new Map<string, Listener>()
  private pending = new Map<string, number>()
  private timer: NodeJS.Timeout | undefined
  private client: Client | undefined
  private listening: Promise<void> | undefined
  private stopped = false

  constructor(
    private readonly source: DataSource,
    private readonly server: PostgresServer,
    private readonly outage: DatabaseOutage,
  ) {}

  /** One listener a name. A process listens to others from the first one on: workers at once, others when they need. */
  on(name: string, listener: Listener): void {
    this.listeners.set(name, listener)
    if (this.server.sessionUrl) this.listening ??= this.listen(this.server.sessionUrl)
  }

  off(name: string): void {
    this.listeners.delete(name)
  }

  announce(name: string, inMs: number): void {
    if (inMs > POLL_MS) return
    this.listeners.get(name)?.(inMs)
    this.pending.set(name, Math.min(inMs, this.pending.get(name) ?? Infinity))
    this.timer ??= setTimeout(() => void this.notify(), COALESCE_MS)
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true
    clearTimeout(this.timer)
    await this.client?.end().catch(() => {})
  }

  private async notify(): Promise<void> {
    const wakes = [...this.pending]
    this.pending = new Map()
    this.timer = undefined
    if (this.stopped) return
    const messages: string[] = []
    while (wakes.length > 0) {
      const some = Object.fromEntries(wakes.splice(0, NAMES_A_MESSAGE))
      messages.push(JSON.stringify({ sender: this.sender, wakes: some }))
    }
    await this.source
      .query(`select pg_notify('${CHANNEL}', message) from unnest($1::text[]) as message`, [messages])
      .catch((err: Error) => this.tell(err, 'Other processes were not woken'))
  }

  private async listen(url: string): Promise<void> {
    while (!this.stopped) {
      const client = new Client({
        connectionString: url,
        keepAlive: true,
        connectionTimeoutMillis: CONNECT_WITHIN_MS,
        query_timeout: ANSWER_WITHIN_MS,
      })
      const ended = new Promise<true>((resolve) => client.once('end', () => resolve(true)))
      client.on('error', (err) => this.tell(err, 'Lost the listening connection'))
      client.on('notification', ({ payload }) => this.heard(payload ?? ''))
      try {
        await client.connect()
        this.client = client
        await client.query(`listen ${CHANNEL}`)
        if (this.stopped) await client.end() // it came too late for the shutdown to see it
        while (!(await Promise.race([ended, pause()]))) await client.query('select 1')
      } catch (error) {
        this.tell(error, 'Cannot listen for wake-ups')
        await client.end().catch(() => {})
      }
      if (!this.stopped) await sleep(RECONNECT_MS, undefined, { ref: false })
    }
  }

  private tell(err: unknown, msg: string): void {
    if (!this.outage.explains(err)) this.logger.warn({ err, msg })
  }

  private heard(payload: string): void {
    const message = parse(payload)
    if (!message || message.sender === this.sender) return
    for (const [name, inMs] of Object.entries(message.wakes)) this.listeners.get(name)?.(inMs)
  }
}

const pause = () => sleep(ASK_EVERY_MS, false, { ref: false })

interface Message {
  sender: string
  wakes: Record<string, number>
}

/** Anyone who can connect may notify: what is not ours must not end the process. */
function parse(payload: string): Message | undefined {
  try {
    const message = JSON.parse(payload) as Partial<Message> | null
    return message?.sender && message.wakes ? (message as Message) : undefined
  } catch {
    return undefined
  }
}
