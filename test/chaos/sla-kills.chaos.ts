import { setTimeout as sleep } from 'node:timers/promises'
import { Client, types } from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Transaction } from '../../src/database/transaction.js'
import { ALWAYS_OPEN } from '../../src/calendars/business-calendar.js'
import { replay } from '../../src/sla/clock-life.js'
import { CLOCK_ROW, historiesOf, type ClockRow } from '../../src/sla/clock-rows.js'
import { ApiClient, type Body } from '../support/api-client.js'
import { eventually } from '../support/eventually.js'
import { AppProcess, withClockOff } from './app-process.js'
import { createChaosDatabase, type ChaosDatabase } from './chaos-database.js'
import { figure, printLateness } from './figures.js'

const CLOCKS = Number(process.env.CHAOS_CLOCKS ?? 10_000)
/** All warnings and all deadlines lie within. */
const SPREAD_SECONDS = Number(process.env.CHAOS_SPREAD_SECONDS ?? 60)
const KILL_EVERY_MS = Number(process.env.CHAOS_KILL_EVERY_MS ?? 2_000)
/** From each warning to its deadline: the 20 % that are left of the target. */
const WARNED_BEFORE_SECONDS = Math.min(20, Math.floor(SPREAD_SECONDS / 3))
const TARGET_SECONDS = 5 * WARNED_BEFORE_SECONDS
const WRITTEN_WITHIN_SECONDS = 3 + Math.ceil(CLOCKS / 2_000)
const SETTLED_WITHIN_MS = 60_000
const MINUTE = 60_000
/** Each process by its own clock: the database's decides. */
const CLOCKS_OFF_MS = [0, 5 * MINUTE, -5 * MINUTE]

types.setTypeParser(types.builtins.INT8, Number) // as the app has it

let database: ChaosDatabase
const places: (AppProcess | undefined)[] = []
const starts: Promise<void>[] = []
let kills = 0

beforeAll(async () => {
  database = await createChaosDatabase()
})

afterAll(async () => {
  await Promise.allSettled(starts)
  await Promise.all(places.map((app) => app?.kill()))
  await database.drop()
})

it(`warns and records the breach of ${CLOCKS} clocks exactly once and never early, whatever processes are killed`, async () => {
  await startAt(0)
  await Promise.all([startAt(1), startAt(2)])
  const tenantId = await tenantWithTarget(places[0]!.baseUrl)
  await writeClocks(tenantId)
  const lastDeadlineAt = performance.now() + (WRITTEN_WITHIN_SECONDS + SPREAD_SECONDS) * 1_000
  await killUntil(lastDeadlineAt)
  await eventually(
    async () => expect(await count('sla_clocks where next_due_at is not null')).toBe(0),
    SETTLED_WITHIN_MS,
  )
  expect(kills).toBeGreaterThan(1)

  await expectEachOnce()
  await expectNoneEarlyAndInOrder()
  await expectRowsAsTheirHistories()
  await printFigures()
})

async function startAt(place: number): Promise<void> {
  places[place] = await AppProcess.start(database.url, withClockOff(CLOCKS_OFF_MS[place]!))
}

/** As power cuts would. Another process takes the place of the one that died, also with its clock. */
async function killUntil(end: number): Promise<void> {
  for (await sleep(KILL_EVERY_MS); performance.now() < end; await sleep(KILL_EVERY_MS)) {
    const alive = places.flatMap((app, place) => (app?.isRunning ? [place] : []))
    // Someone is left to take over: a machine that starts processes slowly would do nothing else.
    if (alive.length < 2) continue
    const place = alive[Math.floor(Math.random() * alive.length)]!
    await places[place]!.kill()
    kills++
    starts.push(startAt(place))
  }
  await Promise.all(starts)
}

async function tenantWithTarget(baseUrl: string): Promise<string> {
  const ada = await ApiClient.register(baseUrl, 'ada@example.com')
  const { data } = (await ada.get('/sla/settings')).body
  const { id } = data.find(({ name }: Body) => name === 'standard high')
  const changed = await ada.patch(`/sla/settings/${id}`, { firstReplyMinutes: TARGET_SECONDS / 60 })
  expect(changed.status).toBe(200)
  return ada.tenantId
}

/** In one statement: through the API so many would not start within the time that they are to be spread over. */
async function writeClocks(tenantId: string): Promise<void> {
  const gap = (SPREAD_SECONDS - WARNED_BEFORE_SECONDS) / CLOCKS
  const firstWarningInSeconds = WRITTEN_WITHIN_SECONDS - 0.8 * TARGET_SECONDS
  await database.query(`
    with mail as (
      insert into emails (user_id, thread_id, message_id, from_address, subject, body_text, priority, received_at)
      select '${tenantId}', gen_random_uuid(), i || '@example.com', 'customer@example.com', 'Number ' || i, 'Help!',
        'high', now() + (${firstWarningInSeconds} + i * ${gap}) * interval '1 second'
      from generate_series(1, ${CLOCKS}) as i
      returning id, user_id, received_at as at),
    started as (
      insert into sla_clocks (user_id, email_id, metric, revision, policy_version_id, started_at, target_seconds,
        warning_at, deadline_at, next_due_at)
      select m.user_id, m.id, 'first_reply', r.revision, v.id, m.at, p.first_reply_seconds, due.at,
        m.at + p.first_reply_seconds * interval '1 second', due.at
      from mail m join sla_settings p on p.user_id = m.user_id and p.name = 'standard high'
      join sla_setting_versions v on v.setting_id = p.id and v.version = p.version
      join sla_revisions r on r.user_id = m.user_id
      cross join lateral (select m.at + p.first_reply_seconds * interval '0.8 seconds' as at) due
      returning *)
    insert into sla_clock_history (clock_id, type, at, recorded_at, detail)
    select id, 'started', started_at, now(), json_build_object('startedAt', started_at, 'targetSeconds', target_seconds,
      'warningPercent', warning_percent, 'policyVersionId', policy_version_id, 'calendarVersionId', null,
      'deadlineAt', deadline_at)
    from started`)
  expect(
    await count('sla_clocks where warned_at is not null'),
    'Too slow a machine: lower CHAOS_CLOCKS',
  ).toBe(0)
}

const count = async (what: string): Promise<number> =>
  (await database.query<{ count: number }>(`select count(*) from ${what}`))[0]!.count

async function expectEachOnce(): Promise<void> {
  const of = (what: string, key: string, type: string) =>
    database.query(
      `select ${type} as what, count(*), count(distinct ${key}) as clocks from ${what} group by 1 order by 1`,
    )
  const each = (...names: string[]) => names.map((what) => ({ what, count: CLOCKS, clocks: CLOCKS }))
  expect(await of('sla_clock_history', 'clock_id', 'type')).toEqual(each('breached', 'started', 'warned'))
  expect(await of(`events where name like 'sla.%'`, `data -> 'sla' ->> 'clockId'`, 'name')).toEqual(
    each('sla.breached', 'sla.warning'),
  )
  expect(await of('alerts', 'email_id', 'type')).toEqual(each('sla.breached', 'sla.warning'))
  expect(
    await of(`events where name = 'alert.created'`, `data -> 'alert' ->> 'id'`, `data -> 'alert' ->> 'type'`),
  ).toEqual(each('sla.breached', 'sla.warning'))
}

/**
 * Each event and each entry of a history was written by the transaction that changed the row. A process that went by its
 * own clock would be early by the world's, and say an instant that has not come yet.
 */
async function expectNoneEarlyAndInOrder(): Promise<void> {
  const asTheyShould = await count(`sla_clocks c
    join sla_clock_history w on w.clock_id = c.id and w.type = 'warned'
    join sla_clock_history b on b.clock_id = c.id and b.type = 'breached' and b.id > w.id
    join events we on we.name = 'sla.warning' and we.email_id = c.email_id
    join events be on be.name = 'sla.breached' and be.email_id = c.email_id and be.seq > we.seq
    where c.warned_at >= c.warning_at and c.breached_at > c.deadline_at and c.breached_at <= now()
      and c.warned_at <= now()
      and w.at = c.warning_at and w.recorded_at = c.warned_at and we.occurred_at = c.warned_at
      and b.at = c.deadline_at and b.recorded_at = c.breached_at and be.occurred_at = c.breached_at`)
  expect(asTheyShould).toBe(CLOCKS)
}

async function expectRowsAsTheirHistories(): Promise<void> {
  const client = new Client({ connectionString: database.url })
  await client.connect()
  try {
    const { rows } = await client.query<ClockRow>(`select ${CLOCK_ROW} from sla_clocks c`)
    const tx = {
      query: async (sql: string, parameters: unknown[]) => (await client.query(sql, parameters)).rows,
    }
    const histories = await historiesOf(
      tx as unknown as Transaction,
      rows.map(({ id }) => id),
    )
    const faces = rows.map(({ id, metric, ...face }) => [id, metric, face])
    const replayed = rows.map(({ id, metric }) => [id, metric, replay(histories.get(id)!, () => ALWAYS_OPEN)])
    expect(faces).toHaveLength(CLOCKS)
    expect(faces).toEqual(replayed)
  } finally {
    await client.end()
  }
}

async function printFigures(): Promise<void> {
  await printLateness(database, 'chaos-sla')
  figure('chaos-sla-clocks', CLOCKS, 'clocks')
  figure('chaos-sla-kills', kills, 'processes')
}
