import { Logger, makeWorkerUtils, run } from 'graphile-worker'
import { query } from '../../support/postgres.mjs'

const CHUNK = 2_000
const logger = new Logger(() => (level, message) => level === 'error' && console.error(message))

/**
 * Its performance page takes a local queue of 500 and completes jobs in batches; that page's concurrency of 24 is for jobs
 * that compute, ours wait for a receiver. Its documentation recommends to start with a delay of 250 ms.
 */
export const settings = [
  { concurrentJobs: 24, maxPoolSize: 25, localQueue: { size: 500 }, completeJobBatchDelay: 0 },
  { concurrentJobs: 64, maxPoolSize: 25, localQueue: { size: 500 }, completeJobBatchDelay: 0 },
  { concurrentJobs: 64, maxPoolSize: 25, localQueue: { size: 500 }, completeJobBatchDelay: 250 },
]

/** One statement for many jobs. */
export async function fill(url, jobs) {
  const utils = await makeWorkerUtils({ connectionString: url, logger })
  try {
    await utils.migrate()
    for (let from = 0; from < jobs.length; from += CHUNK)
      await utils.addJobs(
        jobs.slice(from, from + CHUNK).map((payload) => ({ identifier: 'deliver', payload })),
      )
  } finally {
    await utils.release()
  }
}

export async function work(connectionString, setting, deliver) {
  const worker = { connectionString, ...setting, failJobBatchDelay: 0, pollInterval: 100 }
  await run({ preset: { worker }, logger, noHandleSignals: true, taskList: { deliver } })
}

/** It deletes a job that is done. */
export async function isDone(url) {
  const [{ done }] = await query(url, `select not exists (select from graphile_worker._private_jobs) as done`)
  return done
}
