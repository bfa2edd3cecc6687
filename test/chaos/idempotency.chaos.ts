import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ApiClient } from '../support/api-client.js'
import { AppFleet } from './app-fleet.js'
import { createChaosDatabase, type ChaosDatabase } from './chaos-database.js'
import { figure, figures } from './figures.js'

const KILLS = Number(process.env.CHAOS_KEY_KILLS ?? 50)
const PROCESSES = 2
const CLIENTS = 8
const KILL_WITHIN_MS = 700
const ALL_AT_ONCE = 0.3
const AGAIN_AFTER_MS = 20
/** Another request stood in the way: nothing was written. */
const FOR_LATER = new Set(['request_in_progress', 'try_again'])
/** A tenant has 1,000 at most. */
const MEMBERS_EACH = 100
/** Far above what any answer takes here, restarts included, and below what an abandoned key was blocked for: a minute. */
const BLOCKED_AFTER_MS = 45_000

let database: ChaosDatabase
let fleet: AppFleet

beforeAll(async () => {
  database = await createChaosDatabase()
  fleet = await AppFleet.start(database.url, PROCESSES)
})

afterAll(async () => {
  await fleet.stop()
  await database.drop()
})

const NAME = `carries out each key once although processes are killed ${KILLS} times under clients that repeat`

it(NAME, { timeout: 120_000 + KILLS * 6_000 }, async () => {
  const ada = await ApiClient.register(fleet.baseUrl, 'ada@example.com')
  const { token } = ada
  const waits: number[] = []
  const answers: Record<string, number> = {}
  let repeats = 0
  const state = { isOver: false }

  /** With its key until it is acknowledged, by whichever process is up. */
  async function insist(key: string, path: string, body: object): Promise<number> {
    for (const startedAt = performance.now(); ; repeats++) {
      const client = new ApiClient(fleet.baseUrl, token)
      const answer = await client.post(path, body, { 'idempotency-key': key }).catch(() => undefined)
      const what = answer ? `${answer.status} ${answer.body.code ?? ''}`.trim() : 'cut off'
      answers[what] = (answers[what] ?? 0) + 1
      if (answer?.status === 201) {
        waits.push(performance.now() - startedAt)
        return answer.body.id as number
      }
      const isForLater = answer?.status === 503 || FOR_LATER.has(answer?.body.code)
      if (answer && !isForLater) throw new Error(`${path} was answered ${what}`)
      await sleep(AGAIN_AFTER_MS)
    }
  }

  async function work(client: number): Promise<void> {
    for (let turn = 0; !state.isOver; turn++) {
      const key = `${client}.${turn}`
      const mail = { from: { address: 'c@example.com' }, subject: key, text: 'Help!' }
      const id = await insist(`email ${key}`, '/emails', mail)
      await insist(`reply ${key}`, `/emails/${id}/reply`, { text: key })
      if (turn < MEMBERS_EACH)
        await insist(`member ${key}`, '/team/members', { name: key, email: `${key}@example.com` })
    }
  }

  const clients = Promise.all(Array.from({ length: CLIENTS }, (_, client) => work(client)))
  await Promise.race([fleet.killSome(KILLS, KILL_WITHIN_MS, ALL_AT_ONCE), clients])
  state.isOver = true
  await clients

  console.log(`answers: ${JSON.stringify(answers)}`)
  figure('chaos-keys-kills', fleet.kills, 'processes')
  figure('chaos-keys', waits.length, 'keys')
  figure('chaos-keys-repeats', repeats, 'requests')
  figures('chaos-keys-acknowledged-after', waits)
  const twice = await database.query(TWICE)
  figure('chaos-keys-twice', twice.length, 'keys')
  expect(twice).toEqual([])
  expect(await database.query(COUNTS)).toEqual([{ done: waits.length }])
  expect(waits.filter((ms) => ms > BLOCKED_AFTER_MS)).toEqual([])
})

/** Emails, answers and members are named by their keys. */
const DONE = `
  select 'email' as what, subject as key from emails union all select 'reply', body_text from email_replies
  union all select 'member', name from team_members where email like '%@example.com' and name ~ '^[0-9]+\\.[0-9]+$'`
const TWICE = `select what, key, count(*)::int from (${DONE}) done group by 1, 2 having count(*) > 1`
const COUNTS = `select count(*)::int as done from (${DONE}) done`
