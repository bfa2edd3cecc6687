import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/database/embedded-postgres.js'
import { preparePostgresFiles } from '../../src/database/postgres-files.js'
import { findPostmaster } from '../../src/database/postmaster.js'
import { EVENT_NAMES } from '../../src/events/catalogue.js'
import { ApiClient } from '../support/api-client.js'
import { eventually } from '../support/eventually.js'
import { AppProcess } from './app-process.js'
import { query } from './chaos-database.js'
import { CountingReceiver } from './counting-receiver.js'
import { figure } from './figures.js'

const OUTAGE_MS = Number(process.env.CHAOS_OUTAGE_SECONDS ?? 20) * 1_000
const CLIENTS = 8
const LOAD_MS = 2_000
const READY_WITHIN_MS = 15_000
/** From the moment at which PostgreSQL accepts connections. */
const RESUMES_WITHIN_MS = 15_000
/** An outcome is recorded once the database is back, unless its lease (30 s) has ended meanwhile. */
const RECORDED_AFTER_MS = 25_000
/** Long enough for many deliveries to be in hand at the crash. */
const ANSWER_AFTER_MS = 150
const TARGET_SECONDS = 4

const folder = mkdtempSync(join(tmpdir(), 'punctual-chaos-'))
const dataDir = join(folder, 'postgres')
let port: number
let postgres: EmbeddedPostgres
let app: AppProcess
let receiver: CountingReceiver

beforeAll(async () => {
  port = await freePort()
  postgres = await startPostgres()
  app = await AppProcess.start(postgres.url)
  receiver = await CountingReceiver.start(ANSWER_AFTER_MS)
})

afterAll(async () => {
  await app.kill()
  await receiver.stop()
  await postgres.stop()
  rmSync(folder, { recursive: true, force: true })
})

it('lives through an outage of its database and loses nothing that it has acknowledged', async () => {
  const ada = await ApiClient.register(app.baseUrl, 'ada@example.com')
  await ada.post('/webhooks/subscribe', { url: receiver.url, events: EVENT_NAMES, retryCount: 5 })
  await ada.post('/sla/settings', {
    name: 'Soon',
    firstReplyMinutes: TARGET_SECONDS / 60,
    warningPercent: 50,
  })
  const load = new Load(ada)
  await sleep(LOAD_MS)

  await postgres.stop() // it goes on for the app, and nobody starts it again
  const crashedAt = performance.now()
  crashPostgres()
  await sleep(OUTAGE_MS / 2)
  expect((await ada.get('/health/live')).status).toBe(200)
  expect((await ada.get('/health/ready')).body).toMatchObject({ status: 503, code: 'database_unavailable' })
  await sleep(OUTAGE_MS / 2)
  const arrivals = receiver.total
  const before = performance.now()
  postgres = await startPostgres()
  const accepting = performance.now()
  await eventually(() => expect(receiver.total).toBeGreaterThan(arrivals), 2 * RESUMES_WITHIN_MS)
  const resumedAfter = performance.now() - accepting
  await eventually(async () => expect((await ada.get('/health/ready')).status).toBe(200), READY_WITHIN_MS)
  figure('chaos-outage-ready-again', performance.now() - before, 'ms')
  figure('chaos-outage-deliveries-resumed', resumedAfter, 'ms')
  expect(resumedAfter).toBeLessThan(RESUMES_WITHIN_MS)

  await sleep(LOAD_MS)
  await load.stop()
  expect(app.isRunning, app.log).toBe(true)
  const emails = await query<{ messageId: string }>(
    postgres.url,
    'select message_id as "messageId" from emails',
  )
  expect(emails.map(({ messageId }) => messageId)).toEqual(expect.arrayContaining(load.acknowledged))
  figure('chaos-outage-acknowledged', load.acknowledged.length, 'emails')
  console.log(`refused meanwhile: ${JSON.stringify(load.refused)}`)

  await eventually(
    async () => expect(await unsettled()).toEqual({ clocks: 0, deliveries: 0, queue: 0 }),
    90_000,
  )
  const spoken = await query<{ name: string; times: string; emails: string }>(
    postgres.url,
    `select name, count(*)::int as times, count(distinct email_id)::int as emails from events group by 1 order by 1`,
  )
  const times = emails.length
  expect(spoken).toEqual([
    { name: 'alert.created', times: 2 * times, emails: times },
    ...['email.received', 'sla.breached', 'sla.warning'].map((name) => ({ name, times, emails: times })),
  ])
  const events = await query<{ id: string }>(postgres.url, 'select id::text from events')
  expect(receiver.ids).toEqual(events.map(({ id }) => id).sort())
  figure('chaos-outage-duplicate-deliveries', receiver.duplicates, 'deliveries')
  if (accepting - crashedAt < RECORDED_AFTER_MS) expect(receiver.duplicates).toBe(0)
  expect(await app.stop(), app.log).toBe(0)
})

/** Clients that go on posting whatever they are answered, each message until it is acknowledged. */
class Load {
  readonly acknowledged: string[] = []
  readonly refused: Record<string, number> = {}
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
    for (let turn = 0; !this.stopping; turn++) {
      const messageId = `${client}.${turn}@example.com`
      while (!(await this.isTaken(messageId)) && !this.stopping) await sleep(200)
      await sleep(20)
    }
  }

  private async isTaken(messageId: string): Promise<boolean> {
    const mail = { from: { address: 'customer@example.com' }, subject: 'Help', text: 'Help!', messageId }
    const { status, body } = await this.ada.post('/emails', mail)
    if (status === 201) this.acknowledged.push(messageId)
    else this.refused[`${status} ${body.code}`] = (this.refused[`${status} ${body.code}`] ?? 0) + 1
    return status === 201
  }
}

const startPostgres = () => startEmbeddedPostgres({ dataDir, settings: { port: String(port) } })

/** An immediate shutdown: no checkpoint, every session cut, recovery at the next start. */
function crashPostgres(): void {
  const { home } = preparePostgresFiles(dataDir, () => {})
  process.kill(findPostmaster(home)!.pid, 'SIGQUIT')
}

async function unsettled(): Promise<unknown> {
  const [row] = await query(
    postgres.url,
    `select (select count(*)::int from sla_clocks where next_due_at is not null) as clocks,
            (select count(*)::int from webhook_logs where status = 'pending') as deliveries,
            (select count(*)::int from webhook_queue) as queue`,
  )
  return row
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port: free } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return free
}
