import { setTimeout as sleep } from 'node:timers/promises'
import { createDatabase, query, startPostgres } from './support/postgres.mjs'
import { runProgram, startApp, startProgram } from './support/processes.mjs'
import { figure, median, ratio } from './support/report.mjs'

const CONNECTIONS = 32
const ROUNDS = 5
const SECONDS = 5
const WARM_UP_SECONDS = 3

const EMAIL = {
  from: { address: 'customer@example.com', name: 'Charles Babbage' },
  subject: 'The engine does not start',
  text: 'It stopped after the last update. What can I do?\n'.repeat(10),
}

/**
 * How fast `POST /api/emails` takes mail in while its webhooks go out, against the bare limit: a `pg` client that
 * writes the same rows in the same number of transactions to the same server. Rounds alternate; medians count.
 */
export async function bench() {
  const server = await startPostgres()
  const undo = [() => server.stop()]
  try {
    const [ours, bare] = [await createDatabase(server), await createDatabase(server)]
    undo.push(ours.drop, bare.drop)
    const receiver = startProgram('programs/receiver.mjs')
    undo.push(receiver.stop)
    const hooks = `http://127.0.0.1:${await receiver.message()}/hooks`
    const app = await startApp(ours.url)
    undo.push(app.stop)
    const load = await loadOn(app, hooks)
    const limit = await limitOn(bare.url, hooks)

    await load(WARM_UP_SECONDS)
    await drained(ours.url)
    const rounds = []
    for (let round = 1; round <= ROUNDS; round++) {
      const taken = await load(SECONDS)
      const drainedInMs = await drained(ours.url)
      const written = await limit()
      rounds.push({ taken, drainedInMs, written })
      console.log(
        `round ${round}: app ${taken.perSecond.toFixed(0)} req/s, p99 ${taken.p99} ms, ` +
          `last webhook ${drainedInMs.toFixed(0)} ms after; bare limit ${written.perSecond.toFixed(0)} tx/s`,
      )
    }
    await checkComplete(ours.url, receiver)
    const middle = (of) => median(rounds.map(of))
    figure(
      'ingest',
      middle(({ taken }) => taken.perSecond),
      'req/s',
    )
    figure(
      'ingest-p99',
      middle(({ taken }) => taken.p99),
      'ms',
    )
    figure(
      'ingest-webhooks-behind',
      middle(({ drainedInMs }) => drainedInMs),
      'ms',
    )
    figure(
      'ingest-limit',
      middle(({ written }) => written.perSecond),
      'tx/s',
    )
    // Each round against the limit measured right after it: what else the machine does then slows both.
    ratio(
      'ingest',
      middle(({ taken, written }) => taken.perSecond / written.perSecond),
    )
  } finally {
    for (const step of undo.toReversed()) await step()
  }
}

/** A tenant with one webhook, and a program that posts its mail. */
async function loadOn(app, hooks) {
  const account = { name: 'Ada', email: 'ada@example.com', password: 'a long password' }
  const { accessToken } = await post(`${app.url}/api/auth/register`, account)
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${accessToken}` }
  await post(`${app.url}/api/webhooks/subscribe`, { url: hooks, events: ['email.received'] }, headers)
  const request = { url: `${app.url}/api/emails`, headers, body: JSON.stringify(EMAIL), expected: 201 }
  return (seconds) => runProgram('programs/load.mjs', { ...request, connections: CONNECTIONS, seconds })
}

/** The rows that the limit's rows refer to, and the program that writes these. */
async function limitOn(url, hooks) {
  const [user] = await query(
    url,
    `insert into "user" (email, name) values ('ada@example.com', 'Ada') returning id`,
  )
  const [webhook] = await query(
    url,
    `insert into webhooks (user_id, url, events, secret) values ($1, $2, '["email.received"]', 'none') returning id`,
    [user.id, hooks],
  )
  const rows = { url, tenantId: user.id, webhookId: webhook.id, email: EMAIL }
  const pace = { connections: CONNECTIONS, seconds: SECONDS, warmUpSeconds: 1 }
  return () => runProgram('programs/ingest-limit.mjs', { ...rows, ...pace })
}

/** Waits until every webhook is out, so that the limit has the machine to itself. Returns the milliseconds. */
async function drained(url) {
  const startedAt = performance.now()
  for (;;) {
    const [{ pending }] = await query(
      url,
      `select exists (select 1 from webhook_logs where status = 'pending') as pending`,
    )
    if (!pending) return performance.now() - startedAt
    await sleep(50)
  }
}

/** Every email has its clock and its delivery, and every delivery arrived. */
async function checkComplete(url, receiver) {
  const [rows] = await query(
    url,
    `select (select count(*) from emails) as emails, (select count(*) from events) as events,
            (select count(*) from sla_clocks) as clocks,
            (select count(*) from webhook_logs where status = 'success') as delivered`,
  )
  receiver.send('how many?')
  const received = String(await receiver.message())
  for (const count of [rows.events, rows.clocks, rows.delivered, received])
    if (count !== rows.emails) throw new Error(`not complete: ${JSON.stringify({ ...rows, received })}`)
}

async function post(url, body, headers = { 'content-type': 'application/json' }) {
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`)
  return response.json()
}
