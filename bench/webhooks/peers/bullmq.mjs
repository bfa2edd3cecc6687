import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'

const QUEUE = 'punctual-bench'
const CHUNK = 1_000
const LOCATION = process.env.BENCH_REDIS_URL ?? 'redis://127.0.0.1:6379'

export const settings = [{ concurrency: 50 }, { concurrency: 100 }, { concurrency: 200 }]

/** The address of a Redis that answers, with its durability as it is set there; undefined where there is none. */
export async function findRedis() {
  const redis = new Redis(LOCATION, { lazyConnect: true, connectTimeout: 1_000, retryStrategy: () => null })
  redis.on('error', () => {})
  try {
    await redis.connect()
    const [, appendonly] = await redis.config('GET', 'appendonly')
    return { url: LOCATION, appendonly }
  } catch {
    return undefined
  } finally {
    redis.disconnect()
  }
}

export function fill(url, jobs) {
  return withQueue(url, async (queue) => {
    for (let from = 0; from < jobs.length; from += CHUNK)
      await queue.addBulk(jobs.slice(from, from + CHUNK).map((data) => ({ name: 'deliver', data })))
  })
}

export async function work(url, { concurrency }, deliver) {
  const connection = new Redis(url, { maxRetriesPerRequest: null })
  const worker = new Worker(QUEUE, ({ data }) => deliver(data), {
    connection,
    concurrency,
    removeOnComplete: { count: 0 },
  })
  worker.on('error', (error) => console.error(error.message))
}

/** Jobs that are done are removed. */
export function isDone(url) {
  return withQueue(url, async (queue) => {
    const counts = await queue.getJobCounts('wait', 'active', 'prioritized', 'delayed', 'failed')
    return Object.values(counts).every((count) => count === 0)
  })
}

export const drop = (url) => withQueue(url, (queue) => queue.obliterate({ force: true }))

async function withQueue(url, use) {
  const connection = new Redis(url, { maxRetriesPerRequest: null })
  const queue = new Queue(QUEUE, { connection })
  try {
    return await use(queue)
  } finally {
    await queue.close()
    connection.disconnect()
  }
}
