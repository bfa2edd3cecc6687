import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ApiClient } from '../support/api-client.js'
import { eventually } from '../support/eventually.js'
import { AppProcess } from './app-process.js'
import { createChaosDatabase, type ChaosDatabase } from './chaos-database.js'
import { figure } from './figures.js'

const CUTS = Number(process.env.CHAOS_CUTS ?? 40)
const POSTERS = 8
const READERS = 4
const BETWEEN_CUTS_MS = 250
const AGAIN_AFTER_MS = 30

let database: ChaosDatabase
let app: AppProcess

beforeAll(async () => {
  database = await createChaosDatabase()
  app = await AppProcess.start(database.url)
})

afterAll(async () => {
  await app.kill()
  await database.drop()
})

it('lives through its connections being terminated again and again, loses no mail, and refuses with 503 alone', async () => {
  const ada = await ApiClient.register(app.baseUrl, 'ada@example.com')
  const load = new Load(ada)
  for (let cut = 0; cut < CUTS && app.isRunning; cut++) {
    await sleep(BETWEEN_CUTS_MS * (1 + Math.random()))
    await database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()`,
    )
  }
  await load.stop()

  expect(app.isRunning, app.log).toBe(true)
  expect(app.log).not.toMatch(/"level":60/) // an exception or a rejection that nobody handled
  expect(load.unexpected, app.log).toEqual([])
  await eventually(async () => expect((await ada.get('/health/ready')).status).toBe(200))
  const stored = await database.query<{ id: string }>('select message_id as id from emails')
  expect(stored.map(({ id }) => id)).toEqual(expect.arrayContaining(load.acknowledged))
  expect(load.acknowledged.length).toBeGreaterThan(CUTS)
  figure('chaos-terminate-acknowledged', load.acknowledged.length, 'emails')
  figure('chaos-terminate-refused', load.refused, 'requests')
})

/** Clients that post mail, and others that read it. Each begins anew a moment after it was refused. */
class Load {
  readonly acknowledged: string[] = []
  /** Answers that are neither what was asked for nor a 503. */
  readonly unexpected: unknown[] = []
  refused = 0
  private isStopping = false
  private readonly clients: Promise<unknown>

  constructor(private readonly ada: ApiClient) {
    const post = (client: number) => this.untilStopped((turn) => this.post(`${client}.${turn}@example.com`))
    const read = () => this.untilStopped(() => this.expect(200, this.ada.get('/emails?limit=50')))
    this.clients = Promise.all([
      ...Array.from({ length: POSTERS }, (_, client) => post(client)),
      ...Array.from({ length: READERS }, read),
    ])
  }

  async stop(): Promise<void> {
    this.isStopping = true
    await this.clients
  }

  private async untilStopped(act: (turn: number) => Promise<boolean>): Promise<void> {
    for (let turn = 0; !this.isStopping; turn++) if (!(await act(turn))) await sleep(AGAIN_AFTER_MS)
  }

  private async post(messageId: string): Promise<boolean> {
    const mail = { from: { address: 'c@example.com' }, subject: 'Help', text: 'Help!', messageId }
    const isStored = await this.expect(201, this.ada.post('/emails', mail))
    if (isStored) this.acknowledged.push(messageId)
    return isStored
  }

  private async expect(status: number, asked: ReturnType<ApiClient['get']>): Promise<boolean> {
    const answer = await asked.catch((error: Error) => ({ status: 0, body: String(error.cause ?? error) }))
    if (answer.status === 503) this.refused++
    else if (answer.status !== status) this.unexpected.push({ status: answer.status, body: answer.body })
    return answer.status === status
  }
}
