import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { addClocks, beforeNextPoll, createTenant } from '../support/clocks.mjs'
import { createDatabase, query } from '../support/postgres.mjs'
import { startApp, startProgram } from '../support/processes.mjs'
import { figure, median } from '../support/report.mjs'

const CLOCKS = Number(process.env.BENCH_BURST_CLOCKS ?? 10_000)
const ROUNDS = Number(process.env.BENCH_BURST_ROUNDS ?? 3)
const WORKERS = Number(process.env.BENCH_BURST_WORKERS ?? 1)
/** Until the burst: time for its rows to be written and for the workers to fall asleep. */
const LEAD_SECONDS = 15
const WARM_UP_CLOCKS = 1_000
/** What follows from a breach: with the alert that it raises, all that this webhook could be told of it. */
const EVENTS = ['sla.breached', 'alert.created']

/**
 * Clocks that are all due at the same instant. Counted from that instant until the last of them is committed with its
 * history, its event, its alert, that one's event, and the deliveries of both; the deliveries go out meanwhile.
 */
export async function burst(server) {
  const database = await createDatabase(server)
  const undo = [database.drop]
  try {
    const receiver = startProgram('programs/receiver.mjs')
    undo.push(receiver.stop)
    const hooks = `http://127.0.0.1:${await receiver.message()}/hooks`
    const api = await startApp(database.url, { PROCESS_ROLES: 'api' })
    const tenantId = await createTenant(api, { url: hooks, events: EVENTS })
    await api.stop()
    for (let worker = 0; worker < WORKERS; worker++)
      undo.push((await startApp(database.url, { PROCESS_ROLES: 'worker' })).stop)

    await measure(database.url, tenantId, WARM_UP_CLOCKS)
    const rounds = []
    for (let round = 0; round < ROUNDS; round++) {
      const one = await measure(database.url, tenantId, CLOCKS)
      rounds.push(one)
      console.log(
        `burst round ${round + 1}: ${CLOCKS} breaches in ${one.committedMs.toFixed(0)} ms (first transaction to last ` +
          `${one.spanMs.toFixed(0)} ms), last of ${2 * CLOCKS} webhooks out after ${one.drainedMs.toFixed(0)} ms`,
      )
    }
    await checkComplete(database.url, receiver, WARM_UP_CLOCKS + ROUNDS * CLOCKS)
    console.log(`burst: ${WORKERS} worker process(es), one webhook with ${EVENTS.join(' and ')}`)
    figure(`sla-burst`, (CLOCKS / median(rounds.map(({ committedMs }) => committedMs))) * 1_000, 'breaches/s')
    figure(`sla-burst-drained`, median(rounds.map(({ drainedMs }) => drainedMs)), 'ms')
  } finally {
    for (const step of undo.toReversed()) await step()
  }
}

async function measure(url, tenantId, emails) {
  const [{ dueAt }] = await query(
    url,
    `select (date_trunc('milliseconds', now()) + interval '${LEAD_SECONDS} seconds')::timestamptz(3) as "dueAt"`,
  )
  const before = new Date(dueAt.getTime() - 1 - 48 * 3_600_000)
  await addClocks(url, tenantId, {
    emails,
    receivedAt: `'${before.toISOString()}'::timestamptz`,
    warned: true,
  })
  beforeNextPoll(dueAt)
  const client = new Client({ connectionString: url })
  await client.connect()
  const until = async (isOver) => {
    for (; ; await sleep(20)) {
      const { rows } = await client.query(`select ${isOver} as over, clock_timestamp() as now`)
      if (rows[0].over) return rows[0].now.getTime() - dueAt.getTime()
    }
  }
  await sleep(dueAt.getTime() - Date.now())
  const committedMs = await until('not exists (select from sla_clocks where next_due_at is not null)')
  const drainedMs = await until('not exists (select from webhook_queue)')
  const { rows } = await client.query(
    `select extract(epoch from max(breached_at) - min(breached_at))::float8 * 1000 as ms
     from sla_clocks where deadline_at >= $1::timestamptz - interval '1 second'`,
    [dueAt],
  )
  await client.end()
  return { committedMs, drainedMs, spanMs: rows[0].ms }
}

/** Each breach with one row of each kind, and every delivery arrived. */
async function checkComplete(url, receiver, breaches) {
  const [rows] = await query(
    url,
    `select (select count(*)::int from sla_clocks where breached_at > deadline_at) as clocks,
            (select count(distinct clock_id)::int from sla_clock_history where type = 'breached') as histories,
            (select count(distinct email_id)::int from events where name = 'sla.breached') as events,
            (select count(distinct email_id)::int from alerts where type = 'sla.breached') as alerts,
            (select count(distinct event_id)::int / 2 from webhook_logs where status = 'success') as deliveries`,
  )
  receiver.send('how many?')
  const received = (await receiver.message()) / 2
  for (const [name, count] of Object.entries({ ...rows, received }))
    if (count !== breaches) throw new Error(`${name}: ${count} instead of ${breaches}`)
}
