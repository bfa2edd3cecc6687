import { createDatabase } from '../support/postgres.mjs'
import * as bullmq from './peers/bullmq.mjs'
import * as graphileWorker from './peers/graphile-worker.mjs'
import * as pgBossBatches from './peers/pg-boss-batches.mjs'
import * as pgBoss from './peers/pg-boss.mjs'

/** The queues that can be asked here, each with a database of its own on the same server. */
export async function openPeers(server) {
  const list = []
  const undo = []
  for (const [name, peer] of [
    ['graphile-worker', graphileWorker],
    ['pg-boss', pgBoss],
    ['pg-boss-batches', pgBossBatches],
  ]) {
    const { url, drop } = await createDatabase(server)
    undo.push(drop)
    list.push({ name, url, isPostgres: true, ...peer })
  }
  const redis = await bullmq.findRedis()
  if (redis) {
    console.log(`bullmq: Redis with appendonly ${redis.appendonly}`)
    await bullmq.drop(redis.url) // what a run that was ended left
    undo.push(() => bullmq.drop(redis.url))
    list.push({ name: 'bullmq', url: redis.url, ...bullmq })
  } else console.log('webhooks-to-bullmq skipped: no Redis answers at BENCH_REDIS_URL or 127.0.0.1:6379')
  const close = async () => {
    for (const step of undo.toReversed()) await step()
  }
  return { list, close }
}
