import { PgBoss } from 'pg-boss'
import { query } from '../../support/postgres.mjs'

const QUEUE = 'deliveries'
const CHUNK = 2_000

/**
 * Batches, several workers, and no pause while batches come back full, from a table of the queue's own. Each delivery has its
 * own outcome, as webhooks need it: by default a batch is completed or failed as one, and one failure would have all of it sent
 * again. See `pg-boss-batches.mjs` for that.
 */
export const settings = [
  { batchSize: 50, localConcurrency: 4, perJobResults: true },
  { batchSize: 250, localConcurrency: 4, perJobResults: true },
  { batchSize: 1_000, localConcurrency: 2, perJobResults: true },
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

export const work = (url, setting, deliver) =>
  workBy(url, setting, (jobs) => Promise.all(jobs.map(({ id, data }) => outcome(id, deliver(data)))))

export async function workBy(url, setting, handle) {
  const boss = await start(url)
  await boss.work(QUEUE, { ...setting, pollingIntervalSeconds: 0.5, burstWhenBatchFull: true }, handle)
}

const outcome = (id, delivered) =>
  delivered.then(
    () => ({ id, status: 'completed' }),
    (error) => ({ id, status: 'failed', output: { message: error.message } }),
  )

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
