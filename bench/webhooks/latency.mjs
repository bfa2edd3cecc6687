import { figure, quantile } from '../support/report.mjs'
import { arrival, checkOnce, setStage } from '../support/stage.mjs'

const PER_SECOND = 200
const SECONDS = Number(process.env.BENCH_SECONDS ?? 30)
const WARM_UP_SECONDS = 3

/**
 * How soon the receiver has a delivery once its event is committed, at a steady 200 events a second, a transaction each, with
 * one webhook that hears of them: in one process with both roles, as the app runs by default, and with the event committed in
 * another process than the worker's, which only the coalesced NOTIFY wakes.
 */
export async function latency(server) {
  const ways = [
    ['webhooks-latency', { PROCESS_ROLES: 'api,worker' }],
    ['webhooks-latency-across', { PROCESS_ROLES: 'api' }],
  ]
  for (const [name, settings] of ways) {
    const stage = await setStage(server)
    try {
      await stage.subscribeMany(1)
      if (settings.PROCESS_ROLES === 'api') await stage.startWorker()
      const publisher = await stage.startPublisher(settings)
      await latencies(stage, publisher, { perSecond: PER_SECOND, seconds: WARM_UP_SECONDS })
      const times = await latencies(stage, publisher, { perSecond: PER_SECOND, seconds: SECONDS })
      for (const [which, share] of Object.entries({ p50: 0.5, p95: 0.95, p99: 0.99 }))
        figure(`${name}-${which}`, quantile(times, share), 'ms')
    } finally {
      await stage.close()
    }
  }
}

/**
 * The milliseconds from each commit to its arrival at each webhook of the receiver. A delivery may be there before the
 * program that committed has heard of it: that counts as none.
 */
export async function latencies({ receiver }, publisher, { perSecond, seconds, webhooks = 1 }) {
  await receiver.ask('forget')
  const commits = await publisher.ask({ perSecond, seconds })
  const deliveries = commits.length * webhooks
  await arrival(receiver, deliveries)
  checkOnce(await receiver.ask('counts'), deliveries, 'latency')
  const committedAt = new Map(commits)
  const arrivals = await receiver.ask('arrivals')
  return arrivals.map(([number, , at]) => Math.max(0, at - committedAt.get(number)))
}
