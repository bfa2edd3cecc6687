import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { EVENT_NAMES } from '../../src/events/catalogue.js'
import { ApiClient } from '../support/api-client.js'
import { eventually } from '../support/eventually.js'
import { AppProcess } from './app-process.js'
import { createChaosDatabase, type ChaosDatabase } from './chaos-database.js'
import { CountingReceiver } from './counting-receiver.js'
import { figure, figures, printLateness } from './figures.js'

const EMAILS = Number(process.env.CHAOS_EMAILS ?? 500)
/** Time to post them all until the warning, which comes with 40 % of the target left. */
const TARGET_SECONDS = 12 + Math.ceil(EMAILS / 32)
const POSTED_AT_ONCE = 16
/** Into the batch's transaction, or into its deliveries. */
const KILL_WITHIN_MS = 200 + 2 * EMAILS
/** A dead worker's leases end after 30 s. */
const SETTLED_WITHIN_MS = 60_000

let database: ChaosDatabase
let receiver: CountingReceiver
const apps: AppProcess[] = []

beforeAll(async () => {
  database = await createChaosDatabase()
  receiver = await CountingReceiver.start(20)
})

afterAll(async () => {
  await Promise.all(apps.map((app) => app.kill()))
  await receiver.stop()
  await database.drop()
})

it(`warns and records the breach of ${EMAILS} emails exactly once, although processes are killed at both`, async () => {
  const startedAt = performance.now()
  apps.push(...(await Promise.all([startApp(), startApp()]))) // together, on an empty database: one migrates
  const { warningAt, deadlineAt } = await postEmails()

  await killOneShortlyAfter(warningAt, 'warning')
  const [restarted] = await Promise.all([startApp(), killOneShortlyAfter(deadlineAt, 'breach')])
  apps.push(restarted)

  await eventually(
    async () => expect(await unsettled()).toEqual({ clocks: 0, deliveries: 0, queue: 0 }),
    SETTLED_WITHIN_MS,
  )
  await expectEachClockSpokeOnce()
  await expectEachEventOnce()
  await expectEachDeliveryArrived()
  await printFigures(warningAt, deadlineAt)
  figure('chaos-wall-time', performance.now() - startedAt, 'ms')
})

const startApp = () => AppProcess.start(database.url)
const running = () => apps.filter((app) => app.isRunning)

/** All received at one instant, so that all are due together. Both processes take their share. */
async function postEmails(): Promise<{ warningAt: number; deadlineAt: number }> {
  const [first, second] = apps as [AppProcess, AppProcess]
  const ada = await ApiClient.register(first.baseUrl, 'ada@example.com')
  const sameAda = new ApiClient(second.baseUrl, ada.token)
  await ada.post('/webhooks/subscribe', { url: receiver.url, events: EVENT_NAMES })
  await setTarget(ada)

  const receivedAt = new Date()
  const mail = { from: { address: 'customer@example.com' }, text: 'Help!', priority: 'high', receivedAt }
  const left = Array.from({ length: EMAILS }, (_, index) => index)
  const post = async (): Promise<void> => {
    for (let index = left.pop(); index !== undefined; index = left.pop()) {
      const answer = await (index % 2 ? ada : sameAda).post('/emails', {
        ...mail,
        subject: `Number ${index}`,
      })
      expect(answer.status).toBe(201)
    }
  }
  await Promise.all(Array.from({ length: POSTED_AT_ONCE }, post))
  const warningAt = receivedAt.getTime() + TARGET_SECONDS * 600
  expect(Date.now(), 'This machine posts too slowly: lower CHAOS_EMAILS').toBeLessThan(warningAt)
  return { warningAt, deadlineAt: receivedAt.getTime() + TARGET_SECONDS * 1_000 }
}

async function setTarget(ada: ApiClient): Promise<void> {
  const { status } = await ada.post('/sla/settings', {
    name: 'Soon',
    firstReplyMinutes: TARGET_SECONDS / 60,
    warningPercent: 40,
  })
  expect(status).toBe(201)
}

async function killOneShortlyAfter(instant: number, name: string): Promise<void> {
  await sleep(Math.max(0, instant - Date.now()) + Math.random() * KILL_WITHIN_MS)
  const alive = running()
  const victim = alive[Math.floor(Math.random() * alive.length)]!
  await victim.kill()
  const rows = await database.query(`select status, lease_token is not null as leased, count(*)::int
    from webhook_logs left join webhook_queue on delivery_id = id where event_type in ('sla.${name === 'breach' ? 'breached' : 'warning'}', 'alert.created') group by 1, 2`)
  figure(`chaos-killed-after-${name}`, Date.now() - instant, 'ms')
  console.log(`deliveries at that moment: ${JSON.stringify(rows)}`)
}

async function unsettled(): Promise<unknown> {
  const [row] = await database.query(
    `select (select count(*)::int from sla_clocks where next_due_at is not null) as clocks,
            (select count(*)::int from webhook_logs where status = 'pending') as deliveries,
            (select count(*)::int from webhook_queue) as queue`,
  )
  return row
}

async function expectEachClockSpokeOnce(): Promise<void> {
  const clocks = await database.query(
    `select count(*)::int as clocks, count(distinct email_id)::int as emails,
            count(*) filter (where warned_at >= warning_at)::int as warned,
            count(*) filter (where breached_at > deadline_at)::int as breached
     from sla_clocks`,
  )
  expect(clocks).toEqual([{ clocks: EMAILS, emails: EMAILS, warned: EMAILS, breached: EMAILS }])
}

async function expectEachEventOnce(): Promise<void> {
  const counted = `count(*)::int as times, count(distinct email_id)::int as emails`
  expect(await database.query(`select name, ${counted} from events group by name order by name`)).toEqual([
    { name: 'alert.created', times: 2 * EMAILS, emails: EMAILS },
    ...['email.received', 'sla.breached', 'sla.warning'].map((name) => ({
      name,
      times: EMAILS,
      emails: EMAILS,
    })),
  ])
  expect(await database.query(`select type, ${counted} from alerts group by type order by type`)).toEqual(
    ['sla.breached', 'sla.warning'].map((type) => ({ type, times: EMAILS, emails: EMAILS })),
  )
}

async function expectEachDeliveryArrived(): Promise<void> {
  const deliveries = await database.query(
    `select status, count(*)::int as times, count(distinct event_id)::int as events from webhook_logs group by status`,
  )
  expect(deliveries).toEqual([{ status: 'success', times: 5 * EMAILS, events: 5 * EMAILS }])
  const events = await database.query<{ id: string }>(`select id::text from events`)
  expect(receiver.ids).toEqual(events.map(({ id }) => id).sort())
}

async function printFigures(warningAt: number, deadlineAt: number): Promise<void> {
  await printLateness(database, 'chaos')
  const arrived = (event: string, instant: number) =>
    [...receiver.arrivals.values()]
      .filter((one) => one.event === event)
      .map(({ firstAt }) => firstAt - instant)
  figures('chaos-warning-delivery-lateness', arrived('sla.warning', warningAt))
  figures('chaos-breach-delivery-lateness', arrived('sla.breached', deadlineAt))
  figure('chaos-duplicate-deliveries', receiver.duplicates, 'deliveries')
}
