import { query } from '../support/postgres.mjs'
import { figure, median } from '../support/report.mjs'
import { setStage, settle } from '../support/stage.mjs'

const EVENTS = Number(process.env.BENCH_EVENTS ?? 10_000)
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3)
const WEBHOOKS = 5
const BATCH = 500

/**
 * How fast deliveries are written: 10,000 events that five webhooks hear of, published one transaction of 500 after the
 * other, on one connection. Counted are the deliveries; their events are stored in the same transactions.
 */
export async function enqueue(server) {
  const stage = await setStage(server)
  try {
    await stage.subscribeMany(WEBHOOKS)
    const publisher = await stage.startPublisher({ PROCESS_ROLES: 'api' })
    await publisher.ask({ publish: EVENTS, batch: BATCH }) // warm-up
    const rounds = []
    for (let round = 1; round <= ROUNDS; round++) {
      await settle(stage.url)
      rounds.push(((EVENTS * WEBHOOKS) / (await publisher.ask({ publish: EVENTS, batch: BATCH }))) * 1_000)
      console.log(`enqueue round ${round}: ${rounds.at(-1).toFixed(0)} rows/s`)
    }
    const [{ deliveries }] = await query(
      stage.url,
      `select count(*)::int as deliveries from webhook_logs where status = 'pending'`,
    )
    const expected = EVENTS * WEBHOOKS * (ROUNDS + 1)
    if (deliveries !== expected)
      throw new Error(`${deliveries} deliveries were written instead of ${expected}`)
    figure('webhooks-enqueue', median(rounds), 'rows/s')
  } finally {
    await stage.close()
  }
}
