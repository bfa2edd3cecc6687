import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { EVENT_NAMES } from '../../src/events/catalogue.js'
import { ApiClient, type ApiAnswer } from '../support/api-client.js'
import { eventually } from '../support/eventually.js'
import { AppProcess } from './app-process.js'
import { createChaosDatabase, type ChaosDatabase } from './chaos-database.js'
import { CountingReceiver } from './counting-receiver.js'
import { figure } from './figures.js'

const CLIENTS = 8
const LOAD_MS = 1_500
/** Time for load balancers, in which requests still come and are served. */
const SHUTDOWN_DELAY_MS = 1_000
const EXIT_WITHIN_MS = 30_000
const SLOW_RECEIVER_MS = 700

let database: ChaosDatabase
let receiver: CountingReceiver
const apps: AppProcess[] = []

beforeAll(async () => {
  database = await createChaosDatabase()
  receiver = await CountingReceiver.start(SLOW_RECEIVER_MS)
})

afterAll(async () => {
  await Promise.all(apps.map((app) => app.kill()))
  await receiver.stop()
  await database.drop()
})

it('finishes what it has begun on SIGTERM, and leaves the rest to the next process', async () => {
  const app = await startApp()
  const ada = await ApiClient.register(app.baseUrl, 'ada@example.com')
  await ada.post('/webhooks/subscribe', { url: receiver.url, events: EVENT_NAMES })
  const load = postUntilRefused(ada)
  await sleep(LOAD_MS)

  const before = performance.now()
  expect(await app.stop(), app.log).toBe(0)
  const stopMs = performance.now() - before
  figure('chaos-graceful-stop', stopMs, 'ms')
  expect(stopMs).toBeLessThan(EXIT_WITHIN_MS)

  const answers = await load
  // Whoever was let in got a proper answer; 503 is how the door is shut.
  expect(
    answers
      .filter(({ status }) => ![201, 503].includes(status))
      .map(({ status, body }) => ({ status, body })),
  ).toEqual([])
  const taken = answers.filter(({ status }) => status === 201).map(({ body }) => body.id as number)
  expect(taken.length).toBeGreaterThan(CLIENTS)
  const stored = await database.query<{ id: string }>('select id::text from emails')
  expect(new Set(stored.map(({ id }) => Number(id)))).toEqual(new Set(taken))
  expect(await database.query('select 1 from webhook_queue where lease_token is not null')).toEqual([])
  expect(receiver.duplicates).toBe(0)
  expect(app.log).not.toMatch(/"level":[56]0/)

  await startApp()
  const events = await database.query<{ id: string }>('select id::text from events')
  await eventually(() => expect(receiver.ids).toEqual(events.map(({ id }) => id).sort()), 120_000)
  expect(receiver.duplicates).toBe(0)
})

async function startApp(): Promise<AppProcess> {
  const app = await AppProcess.start(database.url, { SHUTDOWN_DELAY_MS: String(SHUTDOWN_DELAY_MS) })
  apps.push(app)
  return app
}

/** JSON and raw mail by turns, until the process is gone. */
async function postUntilRefused(ada: ApiClient): Promise<ApiAnswer[]> {
  const answers: ApiAnswer[] = []
  const post = async (client: number): Promise<void> => {
    for (let turn = 0; ; turn++) {
      const id = `${client}.${turn}@example.com`
      const answer = await (turn % 2 ? postJson(ada, id) : postRaw(ada, id)).catch(() => undefined)
      if (!answer) return
      answers.push(answer)
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, (_, client) => post(client)))
  return answers
}

const postJson = (ada: ApiClient, messageId: string) =>
  ada.post('/emails', {
    from: { address: 'customer@example.com' },
    subject: 'Help',
    text: 'Help!',
    messageId,
  })

const postRaw = (ada: ApiClient, messageId: string) =>
  ada.postMail(
    Buffer.from(`From: a@example.com\r\nSubject: Help\r\nMessage-ID: <${messageId}>\r\n\r\nHelp!\r\n`),
  )
