import { withPostgres } from './support/postgres.mjs'
import { drain } from './webhooks/drain.mjs'
import { enqueue } from './webhooks/enqueue.mjs'
import { isolation } from './webhooks/isolation.mjs'
import { latency } from './webhooks/latency.mjs'
import { workers } from './webhooks/workers.mjs'

/**
 * How fast webhooks are delivered, how soon, and what one webhook can do to the others. Each part is a bench of its own too:
 * `npm run bench -- webhooks-latency`. BENCH_DELIVERIES=2000 BENCH_ROUNDS=1 BENCH_SECONDS=2 make quick runs.
 */
export function bench() {
  return withPostgres(async (server) => {
    for (const part of [drain, latency, enqueue, workers, isolation]) await part(server)
  })
}
