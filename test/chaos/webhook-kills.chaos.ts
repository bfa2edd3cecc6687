import { afterAll, beforeAll, expect, it } from 'vitest'
import { EVENT_NAMES } from '../../src/events/catalogue.js'
import { BODY } from '../../src/stream/event-body.js'
import { ApiClient } from '../support/api-client.js'
import { eventually } from '../support/eventually.js'
import { AppFleet } from './app-fleet.js'
import { createChaosDatabase, type ChaosDatabase } from './chaos-database.js'
import { CountingReceiver, type Fate } from './counting-receiver.js'
import { figure, figures } from './figures.js'
import { DOOMED, failDoomed, MailboxLoad } from './mailbox-load.js'

const KILLS = Number(process.env.CHAOS_KILLS ?? 200)
const PROCESSES = 2
const CLIENTS = 6
const PAUSE_MS = 200
/** Once both are up again. */
const KILL_WITHIN_MS = 800
const KILL_ALL_SHARE = 0.1
const FAILING_SHARE = 0.1
/** Warnings and breaches come from either process's monitor, in the middle of it all. */
const TARGET_SECONDS = 2
/** A dead worker's leases end after 30 s; an unlucky delivery waits 2, 4, 8 … s after each failure. */
const ENDINGS = ['email.resolved', 'sla.breached']
const SETTLED_WITHIN_MS = 300_000

let database: ChaosDatabase
let fleet: AppFleet
let everything: CountingReceiver
let endings: CountingReceiver

beforeAll(async () => {
  database = await createChaosDatabase()
  fleet = await AppFleet.start(database.url, PROCESSES)
  everything = await CountingReceiver.start(5, fate)
  endings = await CountingReceiver.start(5, fate)
})

afterAll(async () => {
  await fleet.stop()
  await Promise.all([everything.stop(), endings.stop()])
  await database.drop()
})

const NAME = `loses nothing and invents nothing, although processes are killed ${KILLS} times under load`

it(NAME, { timeout: 400_000 + KILLS * 15_000 }, async () => {
  const load = await startLoad()
  await fleet.killSome(KILLS, KILL_WITHIN_MS, KILL_ALL_SHARE)
  await load.stop()
  await eventually(async () => expect(await unsettled()).toEqual({ clocks: 0, queue: 0 }), SETTLED_WITHIN_MS)
  console.log(`answers that were no success: ${JSON.stringify(load.answers)}`)
  expect(load.answers['500 internal_error']).toBeGreaterThan(0)

  await expectAcknowledgedTold(load)
  await expectChangesAndEventsToMatch()
  await expectNumbersWithoutGap()
  await expectEachDeliveryOnce()
  await expectAllArrived()
  await expectNothingOfWhatFailed()
  await printFigures(load)
})

function fate(): Fate {
  if (Math.random() >= FAILING_SHARE) return 'taken'
  return Math.random() < 0.7 ? 'refused' : 'cut'
}

async function startLoad(): Promise<MailboxLoad> {
  const ada = await ApiClient.register(fleet.baseUrl, 'ada@example.com')
  const subscribe = (url: string, events: readonly string[]) =>
    ada.post('/webhooks/subscribe', { url, events, retryCount: 20 })
  expect((await subscribe(everything.url, EVENT_NAMES)).status).toBe(201)
  expect((await subscribe(endings.url, ENDINGS)).status).toBe(201)
  const soon = { name: 'Soon', firstReplyMinutes: TARGET_SECONDS / 60, warningPercent: 50 }
  expect((await ada.post('/sla/settings', soon)).status).toBe(201)
  const members: number[] = []
  for (const name of ['eve', 'bob', 'joe'])
    members.push((await ada.post('/team/members', { name, email: `${name}@example.com` })).body.id)
  await database.query(failDoomed)
  return new MailboxLoad(() => fleet.baseUrl, ada.token!, members, CLIENTS, PAUSE_MS)
}

async function unsettled(): Promise<unknown> {
  const [row] = await database.query(
    `select (select count(*)::int from sla_clocks where next_due_at is not null) as clocks,
            (select count(*)::int from webhook_queue) as queue`,
  )
  return row
}

/** Exactly one of each name for each email, where the request was acknowledged. */
async function expectAcknowledgedTold({ emails }: MailboxLoad): Promise<void> {
  const events = await database.query<{ id: string; names: Record<string, number> }>(
    `select id::text, json_object_agg(name, times) as names from (
       select email_id as id, name, count(*) as times from events where name like 'email.%' group by 1, 2) counted
     group by id`,
  )
  const told = new Map(events.map(({ id, names }) => [Number(id), names]))
  const wanted = [...emails].map(([id, names]) => [id, Object.fromEntries(names)])
  const found = [...emails].map(([id, names]) => [
    id,
    Object.fromEntries([...names.keys()].map((name) => [name, told.get(id)?.[name] ?? 0])),
  ])
  expect(emails.size).toBeGreaterThan(KILLS)
  expect(found).toEqual(wanted)
}

/** Also of what was never acknowledged: whatever the database holds was told once, and nothing else was. */
async function expectChangesAndEventsToMatch(): Promise<void> {
  const pairs = [
    ['email.received', 'select id from emails', '{email,id}'],
    ['email.replied', 'select id from email_replies', '{reply,id}'],
    ['email.assigned', 'select id from emails where assignee_id is not null', '{email,id}'],
    ['email.resolved', `select id from emails where status = 'resolved'`, '{email,id}'],
    ['sla.warning', 'select id from sla_clocks where warned_at is not null', '{sla,clockId}'],
    ['sla.breached', 'select id from sla_clocks where breached_at is not null', '{sla,clockId}'],
    ['alert.created', 'select id from alerts', '{alert,id}'],
    ['team.performance.updated', 'select id from response_metrics', undefined],
    ['team.member.added', 'select id from team_members', '{member,id}'],
  ] as const
  for (const [name, changes, path] of pairs) {
    const [row] = await database.query<{ changed: unknown; told: unknown; count: number }>(
      path
        ? `select (select json_agg(id order by id) from (${changes}) c) as changed, (
             select json_agg((data #>> '${path}')::bigint order by (data #>> '${path}')::bigint)
             from events where name = '${name}') as told, (select count(*)::int from (${changes}) c) as count`
        : `select (select count(*)::int from (${changes}) c) as changed,
             (select count(*)::int from events where name = '${name}') as told, 1 as count`,
    )
    expect([name, row!.told]).toEqual([name, row!.changed])
    expect(row!.count, name).toBeGreaterThan(0)
  }
}

async function expectNumbersWithoutGap(): Promise<void> {
  expect(
    await database.query(
      `select * from (
         select email_id, sequence, row_number() over (partition by email_id order by seq) as place
         from events where email_id is not null) numbered
       where sequence is distinct from place`,
    ),
  ).toEqual([])
}

/** One row for each webhook that wants the event, and none besides; all over, none in anyone's hands. */
async function expectEachDeliveryOnce(): Promise<void> {
  const wrong = await database.query(
    `with wanted as (
       select e.id as event_id, w.id as webhook_id from events e join webhooks w on w.events::jsonb ? e.name
         and (e.data #>> '{alert,webhookId}')::bigint is distinct from w.id),
     written as (select event_id, webhook_id, count(*), min(status) as status from webhook_logs group by 1, 2)
     select * from wanted full join written using (event_id, webhook_id)
     where count is distinct from 1 or status <> 'success' or not exists (
       select from wanted again where again.event_id = event_id and again.webhook_id = webhook_id)`,
  )
  expect(wrong).toEqual([])
}

/** At least once, always with the body that was committed, and nothing besides: also not what was refused or cut off. */
async function expectAllArrived(): Promise<void> {
  for (const [receiver, events] of [
    [everything, EVENT_NAMES],
    [endings, ENDINGS],
  ] as const) {
    const written = await database.query<{ id: string; body: string }>(
      `select l.event_id as id, coalesce(l.payload::text, ${BODY}) as body from webhook_logs l left join events e on e.id = l.event_id
       where webhook_id = (select id from webhooks where json_array_length(events) = ${events.length})`,
    )
    expect(written.length).toBeGreaterThan(0)
    expect(receiver.ids).toEqual(written.map(({ id }) => id).toSorted())
    expect(receiver.bodies).toEqual(new Map(written.map(({ id, body }) => [id, body])))
  }
}

async function expectNothingOfWhatFailed(): Promise<void> {
  const doomed = `= '${DOOMED}'`
  const [left] = await database.query(
    `select (select count(*)::int from emails where subject ${doomed}) as emails,
            (select count(*)::int from events where data #>> '{email,subject}' ${doomed}) as events,
            (select count(*)::int from webhook_logs l
             where not exists (select from events e where e.id = l.event_id)) as deliveries`,
  )
  expect(left).toEqual({ emails: 0, events: 0, deliveries: 0 })
  expect([...everything.bodies.values()].filter((body) => body.includes(DOOMED))).toEqual([])
}

async function printFigures(load: MailboxLoad): Promise<void> {
  const events = await database.query<{ id: string; at: Date }>('select id, occurred_at as at from events')
  const waits = events.map(({ id, at }) => everything.arrivals.get(id)!.firstAt - at.getTime())
  const deliveries = everything.arrivals.size + endings.arrivals.size
  figure('chaos-webhook-kills', fleet.kills, 'processes')
  figure('chaos-webhook-kills-acknowledged', load.acknowledged, 'changes')
  figure('chaos-webhook-kills-deliveries', deliveries, 'deliveries')
  figure('chaos-webhook-kills-duplicates', everything.duplicates + endings.duplicates, 'deliveries')
  figures('chaos-webhook-kills-arrival', waits)
}
