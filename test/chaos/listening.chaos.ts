import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ApiClient } from '../support/api-client.js'
import { eventually } from '../support/eventually.js'
import { AppProcess } from './app-process.js'
import { createChaosDatabase, type ChaosDatabase } from './chaos-database.js'
import { CountingReceiver } from './counting-receiver.js'
import { figure, figures } from './figures.js'
import { TcpProxy } from './tcp-proxy.js'

const SECONDS = Number(process.env.CHAOS_LISTENING_SECONDS ?? 30)
const WITHIN_MS = 5_000
const POST_EVERY_MS = 250

let database: ChaosDatabase
let proxy: TcpProxy
let api: AppProcess
let worker: AppProcess
let receiver: CountingReceiver
let ada: ApiClient

beforeAll(async () => {
  database = await createChaosDatabase()
  const url = new URL(database.url)
  proxy = await TcpProxy.open(url.hostname, Number(url.port))
  url.port = String(proxy.port)
  api = await AppProcess.start(database.url, { PROCESS_ROLES: 'api' })
  worker = await AppProcess.start(url.href, { PROCESS_ROLES: 'worker' })
  receiver = await CountingReceiver.start(0)
  ada = await ApiClient.register(api.baseUrl, 'ada@example.com')
  await ada.post('/webhooks/subscribe', { url: receiver.url, events: ['email.received'] })
})

afterAll(async () => {
  await Promise.all([api, worker].map((app) => app?.kill()))
  await receiver.stop()
  await proxy.close()
  await database.drop()
})

it('delivers what another process commits within 5 s while its listening connection is cut again and again', async () => {
  await eventually(() => listening())
  await expectAllInTime('chaos-listening-cut', async (end) => {
    while (performance.now() < end) {
      await database.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where pid = ${(await listening()).pid}`,
      )
      await eventually(() => listening())
    }
  })
})

it('delivers within 5 s while its listening connection is half-open, and finds that out', async () => {
  const { port } = await eventually(() => listening())
  await expectAllInTime('chaos-listening-half-open', async (end) => {
    proxy.silence(port)
    await sleep(Math.max(0, end - performance.now()))
  })
  await eventually(() => expect(worker.log).toMatch(/Query read timeout/))
  // PostgreSQL does not know that the old one is gone: two listen.
  await eventually(async () => expect((await listeners()).map((one) => one.port)).not.toEqual([port]))
  const { latest } = await post('heard again')
  await eventually(() => expect(receiver.arrivals.has(latest)).toBe(true), WITHIN_MS)
})

/** Posts steadily through the one process while something happens to the other, which delivers. */
async function expectAllInTime(name: string, happens: (end: number) => Promise<void>): Promise<void> {
  const end = performance.now() + (SECONDS * 1_000) / 2
  const committed = new Map<string, number>()
  const happening = happens(end)
  for (let n = 0; performance.now() < end; n++) {
    const { latest, at } = await post(`${name} ${n}`)
    committed.set(latest, at)
    await sleep(POST_EVERY_MS * Math.random() * 2)
  }
  await happening
  await eventually(() => expect(receiver.ids).toEqual(expect.arrayContaining([...committed.keys()])))
  const waits = [...committed].map(([id, at]) => receiver.arrivals.get(id)!.firstAt - at)
  figures(name, waits)
  figure(`${name}-deliveries`, waits.length, 'deliveries')
  expect(Math.max(...waits)).toBeLessThan(WITHIN_MS)
}

/** The event of a new email, and when its commit was acknowledged at the latest. */
async function post(subject: string): Promise<{ latest: string; at: number }> {
  const { body } = await ada.post('/emails', { from: { address: 'c@example.com' }, subject, text: 'Help!' })
  const at = Date.now()
  const [event] = await database.query<{ id: string }>(`select id from events where email_id = ${body.id}`)
  return { latest: event!.id, at }
}

async function listening(): Promise<{ pid: number; port: number }> {
  const [first] = await listeners()
  if (!first) throw new Error('Nobody listens')
  return first
}

/** Of the worker: the other process only tells. */
const listeners = () =>
  database.query<{ pid: number; port: number }>(
    `select pid, client_port as port from pg_stat_activity
     where datname = current_database() and application_name <> 'punctual' and pid <> pg_backend_pid()
       and query in ('listen punctual_wake', 'select 1') order by backend_start desc`,
  )
