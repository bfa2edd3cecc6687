import { instant } from '../support/instant.mjs'
import { figure, median, ratio } from '../support/report.mjs'
import { arrival, checkOnce, noneWaits, setStage, settle, until } from '../support/stage.mjs'

const DELIVERIES = Number(process.env.BENCH_DELIVERIES ?? 40_000)
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3)
const WEBHOOKS = 10
const BATCH = 500

/**
 * Two worker processes on one database against one: what they cost each other in locks, and whether they keep out of each
 * other's way. A backlog becomes visible in one commit, which wakes all workers that run; counted from there until the last
 * delivery is recorded. Every delivery comes once, and none is left.
 */
export async function workers(server) {
  const stage = await setStage(server)
  try {
    await stage.subscribeMany(WEBHOOKS)
    const publisher = await stage.startPublisher({ PROCESS_ROLES: 'api' })
    const rounds = []
    for (let round = 1; round <= ROUNDS; round++) {
      const one = await measure(stage, publisher, 1)
      const two = await measure(stage, publisher, 2)
      rounds.push({ one, two })
      console.log(`workers round ${round}: one ${one.toFixed(0)}/s, two ${two.toFixed(0)}/s`)
    }
    figure('webhooks-one-worker', median(rounds.map(({ one }) => one)), 'deliveries/s')
    figure('webhooks-two-workers', median(rounds.map(({ two }) => two)), 'deliveries/s')
    ratio('webhooks-two-workers-to-one', median(rounds.map(({ one, two }) => two / one)))
  } finally {
    await stage.close()
  }
}

/** Each new process warms up by half as many: two have twice as much to compile. */
async function measure(stage, publisher, count) {
  const running = []
  try {
    for (let worker = 0; worker < count; worker++) running.push(await stage.startWorker())
    await drained(stage, publisher, (DELIVERIES / 2) * count)
    return await drained(stage, publisher, DELIVERIES)
  } finally {
    for (const worker of running) await worker.stop()
  }
}

async function drained({ url, receiver }, publisher, deliveries) {
  await settle(url)
  await receiver.ask('forget')
  await publisher.ask({ publish: deliveries / WEBHOOKS, batch: BATCH, together: true })
  const committedAt = instant()
  await arrival(receiver, deliveries)
  await until(() => noneWaits(url))
  const endedAt = instant()
  checkOnce(await receiver.ask('counts'), deliveries, 'workers')
  return (deliveries / (endedAt - committedAt)) * 1_000
}
