import { query } from '../support/postgres.mjs'
import { figure, median } from '../support/report.mjs'
import { setStage, settle } from '../support/stage.mjs'

const EVENTS = Number(process.env.BENCH_EVENTS ?? 10_000)
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3)
const WEBHOOKS = 5
/** Emails come in turn: with two at once, each tells of its half of them, as different requests do. */
const ONE = { batch: 500 }
const TWO = { batch: 250, atOnce: 2 }

/**
 * How fast deliveries are written: 10,000 events that five webhooks hear of, published one transaction of 500 after the
 * other on one connection, and on two connections at once, as an API does that serves more than one request. Counted are
 * the deliveries; their events are stored in the same transactions.
 */
export async function enqueue(server) {
  const stage = await setStage(server)
  try {
    await stage.subscribeMany(WEBHOOKS)
    const publisher = await stage.startPublisher({ PROCESS_ROLES: 'api' })
    const publish = async (how) => {
      await settle(stage.url)
      return ((EVENTS * WEBHOOKS) / (await publisher.ask({ publish: EVENTS, ...how }))) * 1_000
    }
    await publish(ONE) // warm-up
    const rounds = []
    for (let round = 1; round <= ROUNDS; round++) {
      const [one, two] = [await publish(ONE), await publish(TWO)]
      rounds.push({ one, two })
      console.log(
        `enqueue round ${round}: one ${one.toFixed(0)} rows/s, two at once ${two.toFixed(0)} rows/s`,
      )
    }
    await checkWritten(stage.url, EVENTS * WEBHOOKS * (2 * ROUNDS + 1))
    figure('webhooks-enqueue-one-connection', median(rounds.map(({ one }) => one)), 'rows/s')
    figure('webhooks-enqueue', median(rounds.map(({ two }) => two)), 'rows/s')
  } finally {
    await stage.close()
  }
}

async function checkWritten(url, expected) {
  const [{ deliveries }] = await query(
    url,
    `select count(*)::int as deliveries from webhook_logs where status = 'pending'`,
  )
  if (deliveries !== expected) throw new Error(`${deliveries} deliveries were written instead of ${expected}`)
}
