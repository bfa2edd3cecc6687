import { PgBoss } from 'pg-boss'
import { query } from '../../support/postgres.mjs'

const QUEUE = 'deliveries'
const CHUNK = 2_000

/**
 * Batches, several workers, and no pause while batches come back full, from a table of the queue's own. A batch is completed
 * as one: settling each job by itself, as failing webhooks would need it, only costs more.
 */
export const settings = [
  { batchSize: 50, localConcurrency: 4 },
  { batchSize: 250, localConcurrency: 4 },
  { batchSize: 1_000, localConcurrency: 2 },
]

export async function fill(url, jobs) {
  const boss = await start(url)
  await boss.createQueue(QUEUE, { partition: true })
  for (let from = 0; from < jobs.length; from += CHUNK)
    await boss.insert(
      QUEUE,
      jobs.slice(from, from + CHUNK).map((data) => ({ data })),
    )
  await boss.stop()
}

export async function work(url, setting, deliver) {
  const boss = await start(url)
  const options = { ...setting, pollingIntervalSeconds: 0.5, burstWhenBatchFull: true }
  await boss.work(QUEUE, options, (jobs) => Promise.all(jobs.map(({ data }) => deliver(data))))
}

/** It marks a job that is done, and deletes it days later. */
export async function isDone(url) {
  const [{ done }] = await query(
    url,
    `select not exists (select from pgboss.job where name = $1 and state < 'completed') as done`,
    [QUEUE],
  )
  return done
}

async function start(connectionString) {
  const boss = new PgBoss({ connectionString, max: 20, schedule: false })
  boss.on('error', (error) => console.error(error.message))
  await boss.start()
  return boss
}
