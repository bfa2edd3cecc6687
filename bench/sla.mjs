import { existsSync } from 'node:fs'
import { burst } from './sla/burst.mjs'
import { idleTick } from './sla/idle-tick.mjs'
import { lateness } from './sla/lateness.mjs'
import { createTenant, fillWithClocks } from './support/clocks.mjs'
import { createDatabase, startPostgres } from './support/postgres.mjs'
import { startApp } from './support/processes.mjs'

/** Open clocks; BENCH_SLA_CLOCKS=100000 leaves out what is larger, for quick runs. */
const SIZES = new Map([
  ['10k', 10_000],
  ['100k', 100_000],
  ['1M', 1_000_000],
])
const MOST = Number(process.env.BENCH_SLA_CLOCKS ?? Infinity)

/**
 * How fast and how exact the SLA monitor is: what it costs while nothing is due, how many breaches a second it records
 * when all are due at once, and how late it is at a steady pace. And how fast deadlines are computed.
 */
export async function bench() {
  const server = await startPostgres()
  const databases = new Map()
  try {
    await burst(server)
    for (const [name, clocks] of SIZES)
      if (clocks <= MOST) databases.set(name, { name, ...(await openClocks(server, name, clocks)) })
    await idleTick(databases)
    await lateness([...databases.values()].at(-1))
  } finally {
    for (const { drop } of databases.values()) await drop()
    await server.stop()
  }
  await deadlines()
}

/** A database where so many clocks run, all due in 14 to 38 hours: two of each open email. */
async function openClocks(server, name, clocks) {
  const startedAt = performance.now()
  const database = await createDatabase(server)
  const api = await startApp(database.url, { PROCESS_ROLES: 'api' })
  const tenantId = await createTenant(api)
  await api.stop()
  await fillWithClocks(database.url, tenantId, {
    emails: clocks / 2,
    receivedAt: `now() - interval '1 day' * (1 - i / ${clocks / 2}.0)`,
    metrics: ['first_reply', 'resolution'],
  })
  console.log(`${name} open clocks written in ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`)
  return { ...database, tenantId }
}

async function deadlines() {
  const file = new URL('deadlines.mjs', import.meta.url)
  if (!existsSync(file)) return console.log('deadlines: there is no bench/deadlines.mjs to ask')
  const { bench: benchDeadlines } = await import(file)
  await benchDeadlines()
}
