import { afterAll, beforeAll, expect, it } from 'vitest'
import { ApiClient } from '../support/api-client.js'
import { eventually } from '../support/eventually.js'
import { AppFleet } from './app-fleet.js'
import { createChaosDatabase, type ChaosDatabase } from './chaos-database.js'
import { CountingReceiver } from './counting-receiver.js'
import { figure } from './figures.js'

const BLOWS = Number(process.env.CHAOS_RECOVERY_BLOWS ?? 25)
const PROCESSES = 2
/** Once both are up again. */
const KILL_WITHIN_MS = 500
/** More than are read before the last blow: a recovery takes 500 events a transaction. */
const EVENTS = BLOWS * 25_000
/** Few are asked for, so that what is recovered drains soon: half of them had failed, of the others nobody had told. */
const ASKED_EVERY = 60
const DRAIN_PER_SECOND = 100
const LEASE_MS = 30_000

let database: ChaosDatabase
let fleet: AppFleet
let receiver: CountingReceiver

beforeAll(async () => {
  database = await createChaosDatabase()
  fleet = await AppFleet.start(database.url, PROCESSES)
  receiver = await CountingReceiver.start(5)
})

afterAll(async () => {
  await fleet.stop()
  await receiver.stop()
  await database.drop()
})

const NAME = `takes a recovery to its end although all processes are killed ${BLOWS} times in the midst of it`

it(NAME, { timeout: 300_000 + BLOWS * 15_000 }, async () => {
  const ada = await ApiClient.register(fleet.baseUrl, 'ada@example.com')
  await database.query(eventsOf(ada.tenantId!))
  const { id } = (await ada.post('/webhooks/subscribe', { url: receiver.url, events: ['team.member.added'] }))
    .body
  await database.query(failuresOf(id))
  const asked = await database.query<{ id: string }>(ASKED)
  const half = asked.length / 2
  const since = new Date(Date.now() - 7_200_000).toISOString()
  const begun = await ada.post(`/webhooks/${id}/recover`, { since, status: 'all' })
  expect(begun).toMatchObject({ status: 202, body: { state: 'running' } })

  let blows = 0
  let before = await standing()
  while (blows < BLOWS && before.state === 'running') {
    await fleet.killSome(PROCESSES, KILL_WITHIN_MS, 1)
    const after = await standing()
    expect(after.read).toBeGreaterThanOrEqual(before.read)
    if (after.state === 'running' && after.read > before.read) blows++
    before = after
  }
  figure('chaos-recovery-kills', fleet.kills, 'processes')
  figure('chaos-recovery-interrupted', blows, 'times')
  expect(blows).toBe(BLOWS)

  await eventually(
    async () => expect(await standing()).toMatchObject({ state: 'completed', failed: half, missed: half }),
    60_000,
  )
  await eventually(
    async () => expect(await unsettled()).toBe(0),
    (asked.length / DRAIN_PER_SECOND) * 2_000 + 2 * LEASE_MS,
  )
  expect(receiver.ids).toEqual(asked.map((event) => event.id))
  expect(await database.query('select status, count(*)::int from webhook_logs group by 1')).toEqual([
    { status: 'success', count: asked.length },
  ])
  figure('chaos-recovery-deliveries', receiver.total, 'deliveries')
  figure('chaos-recovery-duplicates', receiver.duplicates, 'deliveries')
})

const eventsOf = (tenantId: string) => `
  insert into events (id, user_id, name, data, occurred_at)
  select gen_random_uuid(), '${tenantId}',
    case when n % ${ASKED_EVERY} = 0 then 'team.member.added' else 'team.performance.updated' end,
    json_build_object('n', n), now() - interval '1 hour' + n * interval '1 millisecond'
  from generate_series(1, ${EVENTS}) n`

const failuresOf = (webhookId: number) => `
  insert into webhook_logs (webhook_id, event_id, event_type, attempts, status, error_message, completed_at)
  select ${webhookId}, id, name, 1, 'failed', 'unexpected_status', now()
  from events where name = 'team.member.added' and (data->>'n')::int % ${2 * ASKED_EVERY} = 0`

const ASKED = `select id from events where name = 'team.member.added' order by id::text collate "C"`

interface Standing {
  state: string
  /** Events. */
  read: number
  failed: number
  missed: number
}

async function standing(): Promise<Standing> {
  const [row] = await database.query<Standing>(
    `select state, (next_seq - from_seq)::int as read, failed, missed from webhook_recoveries`,
  )
  return row!
}

async function unsettled(): Promise<number> {
  const [row] = await database.query<{ count: number }>('select count(*)::int from webhook_queue')
  return row!.count
}
