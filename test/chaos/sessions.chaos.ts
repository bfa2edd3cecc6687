import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ApiClient, type ApiAnswer } from '../support/api-client.js'
import { eventually } from '../support/eventually.js'
import { AppProcess } from './app-process.js'
import { createChaosDatabase, type ChaosDatabase } from './chaos-database.js'
import { EndedSession } from './ended-session.js'
import { figure, figures } from './figures.js'
import { TcpProxy } from './tcp-proxy.js'

const ENDINGS = Number(process.env.CHAOS_SESSION_ENDINGS ?? 200)
const REFRESHES = Number(process.env.CHAOS_REFRESHES ?? 20)
const KILLS = Number(process.env.CHAOS_REFRESH_KILLS ?? 10)
const PROCESSES = 3
const WITHIN_MS = 1_000
const PASSWORD = 'a long password'

let database: ChaosDatabase
let apps: AppProcess[]

beforeAll(async () => {
  database = await createChaosDatabase()
  apps = await Promise.all(Array.from({ length: PROCESSES }, () => AppProcess.start(database.url)))
})

afterAll(async () => {
  await Promise.all(apps.map((app) => app.kill()))
  await database.drop()
})

/** Each beside requests on all processes, and with a stream open on each. Every second time nobody listens to NOTIFY. */
it(
  `is in force in all processes and their streams within a second, ${ENDINGS} times`,
  { timeout: 60_000 + ENDINGS * 10_000 },
  async () => {
    const urls = apps.map(({ baseUrl }) => baseUrl)
    const refusedAfter: number[] = []
    const streamsAfter: number[] = []
    for (let round = 0; round < ENDINGS; round++) {
      const ada = await ApiClient.register(anyUrl(), `${randomUUID()}@example.com`)
      const session = await EndedSession.use(ada, urls)
      if (round % 2 === 1) await cutListeners()
      await session.end([demote, remove, logOut][round % 3]!)
      const { lateRequests, streams, refused } = await session.outcome(WITHIN_MS)
      expect(lateRequests, `round ${round}`).toEqual([])
      refusedAfter.push(refused)
      streamsAfter.push(...streams)
    }
    figures('chaos-session-refused', refusedAfter)
    figures('chaos-session-stream-ended', streamsAfter)
    expect(streamsAfter).toHaveLength(ENDINGS * PROCESSES)
    expect(streamsAfter.filter((ms) => ms > WITHIN_MS)).toEqual([])
    for (const app of apps) expect(app.log).not.toMatch(/"status":5\d\d/)
  },
)

it(`gives one successor to 20 who refresh at once, ${REFRESHES} times`, async () => {
  for (let round = 0; round < REFRESHES; round++) {
    const { refreshToken } = await ApiClient.register(anyUrl(), `${randomUUID()}@example.com`)
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => refresh(n, refreshToken)))
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200))
    const successors = new Set(answers.map(({ body }) => body.refreshToken as string))
    expect(successors.size).toBe(1)
    expect((await refresh(round, [...successors][0]!)).status).toBe(200)
  }
})

it(
  `answers again after ${KILLS} kills between the commit of a refresh and its answer`,
  { timeout: 60_000 + KILLS * 20_000 },
  async () => {
    for (let kill = 0; kill < KILLS; kill++) {
      const url = new URL(database.url)
      const proxy = await TcpProxy.open(url.hostname, Number(url.port))
      url.port = String(proxy.port)
      const victim = await AppProcess.start(url.href)
      const { refreshToken, tenantId } = await ApiClient.register(
        victim.baseUrl,
        `${randomUUID()}@example.com`,
      )
      proxy.withholdCommits()
      const lost = new ApiClient(victim.baseUrl).post('/auth/refresh', { refreshToken }).then(
        ({ status }) => status,
        () => 'lost',
      )
      await eventually(async () => expect(await isRotated(tenantId)).toBe(true)).finally(() => victim.kill())
      expect(await lost).toBe('lost')
      await proxy.close()

      const again = await refresh(kill, refreshToken)
      expect(again.status).toBe(200)
      expect((await refresh(kill + 1, refreshToken)).body.refreshToken).toBe(again.body.refreshToken)
      expect((await refresh(kill + 2, again.body.refreshToken)).status).toBe(200)
    }
    figure('chaos-refresh-kills', KILLS, 'kills')
  },
)

it('ends the family in all processes when a token two, three or five generations old comes again', async () => {
  for (const age of [2, 3, 5]) {
    const ada = await ApiClient.register(anyUrl(), `${randomUUID()}@example.com`)
    let latest = ada.refreshToken
    for (let turn = 0; turn < age; turn++) latest = (await refresh(turn, latest)).body.refreshToken
    expect((await refresh(age, ada.refreshToken)).status).toBe(401)
    for (let place = 0; place < PROCESSES; place++) expect((await refresh(place, latest)).status).toBe(401)
  }
})

it('judges ten of fifty guesses that come to three processes at once', async () => {
  const email = `${randomUUID()}@example.com`
  await ApiClient.register(anyUrl(), email)
  const guess = (n: number) => at(n).post('/auth/login', { email, password: `wrong password ${n}` })
  const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => guess(n)))
  const count = (wanted: number) => answers.filter(({ status }) => status === wanted).length
  expect({ judged: count(401), refused: count(429) }).toEqual({ judged: 10, refused: 40 })
  // The right one is refused, too, where it was guessed from.
  expect((await at(0).post('/auth/login', { email, password: PASSWORD })).status).toBe(429)
})

const at = (n: number) => new ApiClient(apps[n % PROCESSES]!.baseUrl)
const anyUrl = () => apps[Math.floor(Math.random() * PROCESSES)]!.baseUrl

const refresh = (n: number, refreshToken: string): Promise<ApiAnswer> =>
  at(n).post('/auth/refresh', { refreshToken })

async function isRotated(userId: string): Promise<boolean> {
  const rotated = await database.query(
    `select from session where user_id = '${userId}' and previous_token_hash is not null`,
  )
  return rotated.length > 0
}

const demote = ({ tenantId }: ApiClient) =>
  database.query(`update "user" set role = 'agent' where id = '${tenantId}'`)

const remove = ({ tenantId }: ApiClient) => database.query(`delete from "user" where id = '${tenantId}'`)

const logOut = async ({ token }: ApiClient) => {
  expect((await new ApiClient(anyUrl(), token).post('/auth/logout')).status).toBe(204)
}

async function cutListeners(): Promise<void> {
  await database.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen %' and pid <> pg_backend_pid()`,
  )
}
