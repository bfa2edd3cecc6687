import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ApiClient } from '../support/api-client.js'
import { eventually } from '../support/eventually.js'
import { HttpReceiver } from '../support/http-receiver.js'
import { AppProcess } from './app-process.js'
import { createChaosDatabase, type ChaosDatabase } from './chaos-database.js'
import { figure } from './figures.js'

/** Fewer failures than open a breaker, which would have its say in what the rows are. */
const EMAILS = 4
/** Longer than an attempt may take, as in src/webhooks/delivery-queue.ts. */
const LEASE_MS = 30_000
const TAKEN_OVER_WITHIN_MS = LEASE_MS + 15_000

let database: ChaosDatabase
let api: AppProcess
let first: AppProcess
let second: AppProcess
/** Says yes to the first worker, when it is too late, and no to the second. */
let refusing: HttpReceiver
/** Says no to the first worker, when it is too late, and yes to the second. */
let taking: HttpReceiver
let held: { response: ServerResponse; lateStatus: number }[] = []

beforeAll(async () => {
  database = await createChaosDatabase()
  api = await AppProcess.start(database.url, { PROCESS_ROLES: 'api' })
  first = await startWorker()
  refusing = await HttpReceiver.start()
  taking = await HttpReceiver.start()
})

afterAll(async () => {
  await Promise.all([api, first, second].map((app) => app?.kill()))
  await Promise.all([refusing.stop(), taking.stop()])
  await database.drop()
})

it('a worker that was stopped past its lease changes nothing that another has written', async () => {
  refusing.handle = (_request, response) => held.push({ response, lateStatus: 204 })
  taking.handle = (_request, response) => held.push({ response, lateStatus: 500 })
  const ada = await ApiClient.register(api.baseUrl, 'ada@example.com')
  for (const { url } of [refusing, taking])
    await ada.post('/webhooks/subscribe', { url, events: ['email.received'] })
  for (let n = 0; n < EMAILS; n++) await post(ada)
  await eventually(() => expect(held).toHaveLength(2 * EMAILS))
  first.freeze()
  const frozenAt = performance.now()

  // What waits in its sockets for the first worker, once it goes on.
  for (const { response, lateStatus } of held) response.writeHead(lateStatus).end()
  refusing.handle = (_request, response) => response.writeHead(503, { 'retry-after': '3600' }).end()
  taking.handle = (_request, response) => response.writeHead(204).end()
  second = await startWorker()
  await eventually(async () => expect(await attempts()).toBe(2 * EMAILS), TAKEN_OVER_WITHIN_MS)
  const frozenMs = performance.now() - frozenAt
  expect(frozenMs).toBeGreaterThan(LEASE_MS - 5_000) // nobody took them before their time
  await eventually(async () => expect(await database.query(STILL_PARKING)).toEqual([]))
  expect(await second.stop(), second.log).toBe(0)
  const written = await rows()
  expect(await outcomes()).toEqual([
    { status: 'pending', statusCode: 503, attempts: 1, failures: 0, leased: false, count: EMAILS },
    { status: 'success', statusCode: 204, attempts: 1, failures: null, leased: false, count: EMAILS },
  ])

  first.thaw()
  await sleep(1_000) // its sockets' news reach it before the signal to end
  expect(await first.stop(), first.log).toBe(0) // an orderly stop waits for all that it has in hand
  expect(await rows()).toEqual(written)

  // It would have been heard, had it been in time.
  const third = (first = await startWorker())
  await post(ada)
  await eventually(async () => expect(await attempts()).toBe(2 * EMAILS + 1)) // one asks for time
  expect(await third.stop(), third.log).toBe(0)
  figure('chaos-stopped-worker-frozen', frozenMs, 'ms')
  figure('chaos-stopped-worker-late-outcomes', 2 * EMAILS, 'deliveries')
})

const startWorker = () => AppProcess.start(database.url, { PROCESS_ROLES: 'worker' })

async function post(ada: ApiClient): Promise<void> {
  const mail = { from: { address: 'customer@example.com' }, subject: 'Help', text: 'Help!' }
  expect((await ada.post('/emails', mail)).status).toBe(201)
}

async function attempts(): Promise<number> {
  const [row] = await database.query<{ count: number }>('select count(*)::int from webhook_attempts')
  return row!.count
}

const outcomes = () =>
  database.query(
    `select status, status_code as "statusCode", attempts, failures, lease_token is not null as leased, count(*)::int
     from webhook_logs left join webhook_queue on delivery_id = id group by 1, 2, 3, 4, 5 order by 1`,
  )

/** A receiver that asks for time has its webhook's rows parked little by little. */
const STILL_PARKING = 'select from webhooks where parked_before is not null'

/** All that an outcome writes. */
const rows = () =>
  Promise.all(
    ['webhooks', 'webhook_logs', 'webhook_queue', 'webhook_attempts'].map((table) =>
      database.query(`select * from ${table} order by 1, 2`),
    ),
  )
