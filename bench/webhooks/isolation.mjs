import { setTimeout as sleep } from 'node:timers/promises'
import { stolenSince, systemTimes } from '../support/cpu.mjs'
import { query } from '../support/postgres.mjs'
import { startProgram } from '../support/processes.mjs'
import { figure, median, quantile, ratio } from '../support/report.mjs'
import { setStage, settle } from '../support/stage.mjs'
import { latencies } from './latency.mjs'

const WAITING = Number(process.env.BENCH_WAITING ?? 10_000)
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5)
const SECONDS = Number(process.env.BENCH_SECONDS ?? 15)
const WEBHOOKS = 4
const PER_SECOND = 50
const BATCH = 500
/** Short enough for a round to see all of it: attempts that hang, attempts that time out, and what the app then does. */
const TIMEOUT_MS = 2_000
/** Only the silent webhook hears of this. */
const SILENT_EVENT = 'team.member.added'
/** Of the processors' time, by others on the same host: their bursts move a p95 of 2 ms by more than what is measured. */
const MOST_STOLEN = 0.02

/**
 * What a webhook whose receiver takes requests and never answers does to the others of the same process while 10,000 deliveries
 * wait for it: their p95 from commit to receiver, 200 deliveries a second to four webhooks, with such a webhook
 * against without it. Both alternate, and the ratio is the median of the rounds' own. A round in which the host gave the
 * processors to others is made again, up to three times as many in all; those count in which it did so least.
 */
export async function isolation(server) {
  const stage = await setStage(server)
  const silent = startProgram('programs/receiver.mjs', { answers: false })
  try {
    await stage.subscribeMany(WEBHOOKS)
    const silentUrl = `http://127.0.0.1:${await silent.message()}/hooks`
    const settings = { PROCESS_ROLES: 'api,worker', WEBHOOK_TIMEOUT_MS: String(TIMEOUT_MS) }
    const publisher = await stage.startPublisher(settings)
    const measure = async (seconds = SECONDS) => {
      const pace = { perSecond: PER_SECOND, seconds, webhooks: WEBHOOKS }
      const before = systemTimes()
      const p95 = quantile(await latencies(stage, publisher, pace), 0.95)
      return { p95, stolen: stolenSince(before) }
    }
    await measure(3)
    const rounds = []
    while (rounds.filter(isQuiet).length < ROUNDS && rounds.length < 3 * ROUNDS) {
      await settle(stage.url)
      const without = await measure()
      const beside = await withSilent({ stage, publisher, silent, silentUrl }, measure)
      const stolen = Math.max(without.stolen, beside.stolen)
      rounds.push({ without: without.p95, beside: beside.p95, stolen })
      console.log(`isolation round ${rounds.length}: ${told(rounds.at(-1))}`)
    }
    report(rounds.toSorted((a, b) => a.stolen - b.stolen).slice(0, ROUNDS))
  } finally {
    await silent.stop()
    await stage.close()
  }
}

const isQuiet = ({ stolen }) => stolen <= MOST_STOLEN

const told = ({ without, beside, stolen }) =>
  `p95 ${without.toFixed(2)} ms, beside a silent webhook ${beside.toFixed(2)} ms, ${(stolen * 100).toFixed(1)} % stolen`

function report(rounds) {
  figure('webhooks-isolation-p95-without', median(rounds.map(({ without }) => without)), 'ms')
  figure('webhooks-isolation-p95', median(rounds.map(({ beside }) => beside)), 'ms')
  ratio('isolation', median(rounds.map(({ without, beside }) => beside / without)))
}

async function withSilent({ stage, publisher, silent, silentUrl }, measure) {
  const before = await silent.ask('how many?')
  const { id } = await stage.subscribe(silentUrl, [SILENT_EVENT])
  await publisher.ask({ publish: WAITING, batch: BATCH, name: SILENT_EVENT })
  while ((await silent.ask('how many?')) === before) await sleep(50)
  await settle(stage.url)
  const measured = await measure()
  const [{ waiting }] = await query(
    stage.url,
    `select count(*)::int as waiting from webhook_logs where webhook_id = $1 and status = 'pending'`,
    [id],
  )
  if (waiting < WAITING * 0.9) throw new Error(`Only ${waiting} deliveries still wait for the silent webhook`)
  await stage.unsubscribe(id)
  await sleep(TIMEOUT_MS + 500) // its attempts under way end
  return measured
}
