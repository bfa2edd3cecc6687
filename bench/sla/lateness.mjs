import { setTimeout as sleep } from 'node:timers/promises'
import { addClocks, beforeNextPoll } from '../support/clocks.mjs'
import { query } from '../support/postgres.mjs'
import { startApp } from '../support/processes.mjs'
import { figure, quantile } from '../support/report.mjs'

const PER_SECOND = 50
const SECONDS = Number(process.env.BENCH_SLA_SECONDS ?? 60)
const LEAD_SECONDS = 15

/**
 * How late breaches are recorded at a steady pace, on a database with many other open clocks.
 * By the database's clock: from the deadline to the beginning of the transaction that recorded it.
 */
export async function lateness({ url, tenantId, name }) {
  const emails = PER_SECOND * SECONDS
  const worker = await startApp(url, { PROCESS_ROLES: 'worker' })
  try {
    const [{ from }] = await query(url, `select now() + interval '${LEAD_SECONDS} seconds' as from`)
    await addClocks(url, tenantId, {
      emails,
      receivedAt: `timestamptz '${from.toISOString()}' - interval '48 hours' + i * interval '${1_000 / PER_SECOND} ms'`,
      warned: true,
      vacuums: false,
    })
    beforeNextPoll(from)
    await sleep(from.getTime() - Date.now() + (SECONDS + 1) * 1_000)
    for (let left = 1; left > 0; await sleep(100))
      [{ left }] = await query(url, `select count(*)::int as left from sla_clocks where next_due_at < now()`)
  } finally {
    await worker.stop()
  }
  const rows = await query(
    url,
    `select extract(epoch from c.breached_at - c.deadline_at)::float8 * 1000 as ms,
            (select count(*)::int from sla_clock_history h where h.clock_id = c.id and h.type = 'breached') as times
     from sla_clocks c where c.breached_at is not null`,
  )
  if (rows.length !== emails || rows.some(({ times, ms }) => times !== 1 || ms <= 0))
    throw new Error(`${rows.length} clocks of ${emails} were breached`)
  const times = rows.map(({ ms }) => ms)
  console.log(`lateness: ${PER_SECOND} breaches/s for ${SECONDS} s among ${name} open clocks`)
  for (const [which, share] of Object.entries({ p50: 0.5, p99: 0.99, max: 1 }))
    figure(`sla-lateness-${which}`, quantile(times, share), 'ms')
}
