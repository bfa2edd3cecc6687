import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ApiClient } from '../support/api-client.js'
import { EventStream, type StreamMessage } from '../support/event-stream.js'
import { eventually } from '../support/eventually.js'
import { AppProcess } from './app-process.js'
import { createChaosDatabase, type ChaosDatabase } from './chaos-database.js'
import { figure } from './figures.js'

const KILLS = Number(process.env.CHAOS_STREAM_KILLS ?? 25)
const CLIENTS = 6
/** Warnings and breaches come from either process's worker, in the middle of it all. */
const TARGET_SECONDS = 3
const KILL_WITHIN_MS = 1_500

let database: ChaosDatabase
/** Takes the load. */
let first: AppProcess
/** Serves the reader, and is killed. */
let second: AppProcess

beforeAll(async () => {
  database = await createChaosDatabase()
  first = await startApp()
  second = await startApp()
})

afterAll(async () => {
  await Promise.all([first?.kill(), second?.kill()])
  await database.drop()
})

const NAME = `goes on without a gap or a duplicate after each of ${KILLS} kills of the process that serves it`

it(NAME, { timeout: 120_000 + KILLS * 15_000 }, async () => {
  const ada = await ApiClient.register(first.baseUrl, 'ada@example.com')
  const soon = { name: 'Soon', firstReplyMinutes: TARGET_SECONDS / 60, warningPercent: 50 }
  expect((await ada.post('/sla/settings', soon)).status).toBe(201)
  const reader = new Reader(ada.token!, second)
  await reader.isOpen()
  const load = new Load(ada)

  let withStream = 0
  for (let kill = 0; kill < KILLS; kill++) {
    await sleep(Math.random() * KILL_WITHIN_MS)
    if (reader.isReading) withStream++
    // By turns it goes on at the other process meanwhile, or waits for the one that comes back.
    reader.target = kill % 2 ? first : undefined
    await second.kill()
    second = await startApp()
    await reader.moveTo(second)
  }
  expect(withStream).toBe(KILLS)

  // An orderly stop ends the stream properly, and soon.
  expect(await second.stop(), second.log).toBe(0)
  await reader.moveTo(first)
  await load.stop()
  await eventually(async () => expect(await openClocks()).toBe(0), 60_000)
  const stored = await storedIds()
  await eventually(() => expect(reader.ids.length).toBeGreaterThanOrEqual(stored.length), 30_000)
  await reader.stop()

  expect(reader.ids).toEqual(stored)
  expect(await listed(ada)).toEqual(stored)
  expect(load.acknowledged).toBeGreaterThan(KILLS)
  expect(new Set(reader.names)).toEqual(
    new Set(['email.received', 'sla.warning', 'sla.breached', 'alert.created', 'email.resolved']),
  )
  figure('chaos-stream-events', stored.length, 'events')
  figure('chaos-stream-connections', reader.connections, 'connections')
})

const startApp = () => AppProcess.start(database.url)

/** Follows the stream at its target, and resumes there as soon as it is cut. */
class Reader {
  readonly ids: string[] = []
  readonly names: string[] = []
  connections = 0
  private stream: EventStream | undefined
  private lastEventId = ''
  private stopped = false
  private readonly reading: Promise<void>

  constructor(
    private readonly token: string,
    public target: AppProcess | undefined,
  ) {
    this.reading = this.read()
  }

  get isReading(): boolean {
    return this.stream !== undefined
  }

  async isOpen(): Promise<void> {
    await eventually(() => expect(this.isReading).toBe(true))
  }

  /** Leaves in the middle of whatever arrives, if it has to. */
  async moveTo(app: AppProcess): Promise<void> {
    if (this.target !== app) {
      this.target = app
      await this.stream?.close()
    }
    await this.isOpen()
  }

  async stop(): Promise<void> {
    this.stopped = true
    await this.stream?.close()
    await this.reading
  }

  private async read(): Promise<void> {
    while (!this.stopped) {
      await this.follow().catch(() => {}) // not up yet, or gone again
      await sleep(20)
    }
  }

  private async follow(): Promise<void> {
    if (!this.target) return
    const options = this.lastEventId ? { lastEventId: this.lastEventId } : { query: '?after=earliest' }
    const stream = await EventStream.open(this.target.baseUrl, this.token, options, (message) =>
      this.hear(message),
    )
    this.connections++
    this.stream = stream
    await stream.ended
    this.lastEventId = stream.lastEventId || this.lastEventId
    this.stream = undefined
  }

  private hear({ data }: StreamMessage): void {
    this.ids.push(data.id)
    this.names.push(data.event)
  }
}

/** Clients who post mail and resolve some of it, at the first process. */
class Load {
  acknowledged = 0
  private stopping = false
  private readonly clients: Promise<unknown>

  constructor(private readonly ada: ApiClient) {
    this.clients = Promise.all(Array.from({ length: CLIENTS }, (_, client) => this.post(client)))
  }

  async stop(): Promise<void> {
    this.stopping = true
    await this.clients
  }

  private async post(client: number): Promise<void> {
    const mail = { from: { address: 'customer@example.com' }, text: 'Help!' }
    for (let turn = 0; !this.stopping; turn++) {
      const { status, body } = await this.ada.post('/emails', { ...mail, subject: `${client}.${turn}` })
      expect(status).toBe(201)
      if (turn % 3 === 0) await this.ada.post(`/emails/${body.id}/resolve`)
      this.acknowledged++
      await sleep(Math.random() * 60)
    }
  }
}

async function openClocks(): Promise<number> {
  const [row] = await database.query<{ open: number }>(
    `select count(*)::int as open from sla_clocks where next_due_at is not null`,
  )
  return row!.open
}

async function storedIds(): Promise<string[]> {
  const rows = await database.query<{ id: string }>('select id from events order by position, seq')
  return rows.map(({ id }) => id)
}

async function listed(ada: ApiClient): Promise<string[]> {
  const ids: string[] = []
  for (let page = (await ada.get('/events?limit=100')).body; ;) {
    for (const { id } of page.data) ids.push(id)
    if (!page.hasMore) return ids
    page = (await ada.get(`/events?limit=100&after=${page.nextCursor}`)).body
  }
}
