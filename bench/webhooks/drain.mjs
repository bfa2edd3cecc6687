import { cpuOfEach, cpuTimes } from '../support/cpu.mjs'
import { instant } from '../support/instant.mjs'
import { jobsOf, lastId } from '../support/jobs.mjs'
import { query } from '../support/postgres.mjs'
import { startProgram } from '../support/processes.mjs'
import { figure, median, ratio } from '../support/report.mjs'
import { arrival, checkOnce, noneWaits, setStage, settle, until } from '../support/stage.mjs'
import { openPeers } from './peers.mjs'

const DELIVERIES = Number(process.env.BENCH_DELIVERIES ?? 40_000)
/** Before them: a program that has just started is slow, the larger it is the longer. */
const WARMING_UP = DELIVERIES / 2
/** On shared processors one program's rates lie a third apart within minutes: the median of three rounds did so by a sixth. */
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 7)
/** Enough of them to tell which setting is best: a few thousand chose now one, now another. */
const CALIBRATING = DELIVERIES / 4
const WEBHOOKS = 10
const BATCH = 500
/** Of these the limit takes what is best on this machine, and the peers the same. */
const CONNECTIONS = [16, 32, 64, 128]

/**
 * How fast a backlog drains: 40,000 deliveries of events of about 1 kB to ten webhooks. Ours is a worker as it runs in
 * production with its default settings; it leases each delivery, signs it with its webhook's own secret, and records its
 * outcome and its attempt. Against
 * - the limit: a bare undici Pool that posts and signs the same bodies from memory, at its best concurrency;
 * - the durable limit: the same with only the writes that make it durable, without anything of a product around them; it is
 *   compared with the others too, for it shows how far they can be left behind with these writes;
 * - the queues that a team would take instead, which post and sign the same bodies with the same client and pool, at the
 *   best of some settings of theirs. They store what a delivery needs, so that no lookup is counted, and record no attempts.
 *
 * The same receiver, in a process of its own, counts that each delivery came once. All are new processes with their
 * backlog before them, written, vacuumed and analyzed, with half as many more that warm them up first; counted is from there
 * until the last is recorded as done. Rounds go from one to the next; a ratio is the median of the rounds' own.
 */
export async function drain(server) {
  const stage = await setStage(server)
  const peers = await openPeers(server)
  try {
    await stage.subscribeMany(WEBHOOKS)
    const publisher = await stage.startPublisher({ PROCESS_ROLES: 'api' })
    const context = { stage, publisher, peers }
    await calibrate(context)
    const rounds = []
    for (let round = 1; round <= ROUNDS; round++) {
      rounds.push(await drainAll(context, WARMING_UP + DELIVERIES))
      const told = [...rounds.at(-1)].map(([name, perSecond]) => `${name} ${perSecond.toFixed(0)}/s`)
      console.log(`drain round ${round}: ${told.join(', ')}`)
    }
    report(rounds)
  } finally {
    await peers.close()
    await stage.close()
  }
}

/** Tries what there is to choose from on a smaller backlog, which also warms up the databases. */
async function calibrate(context) {
  const { stage, peers } = context
  const { afterId, jobs } = await backlog(context, CALIBRATING)
  await ours(context, jobs.length)
  console.log(
    `bodies of ${(jobs.reduce((sum, { body }) => sum + body.length, 0) / jobs.length).toFixed(0)} bytes`,
  )
  const tries = []
  for (const connections of CONNECTIONS)
    tries.push({ connections, perSecond: await limit(stage, jobs, { afterId, connections }) })
  context.connections = best('limit', tries).connections
  for (const peer of peers.list) {
    const settings = []
    for (const setting of peer.settings)
      settings.push({ setting, perSecond: await drainPeer(context, { ...peer, setting }, jobs) })
    peer.setting = best(peer.name, settings).setting
  }
}

function best(name, tries) {
  const [first] = tries.toSorted((a, b) => b.perSecond - a.perSecond)
  const told = tries.map(
    ({ perSecond, ...choice }) => `  ${JSON.stringify(Object.values(choice)[0])}: ${perSecond.toFixed(0)}/s`,
  )
  console.log(`settings tried for ${name}:\n${told.join('\n')}`)
  return first
}

async function drainAll(context, deliveries) {
  const { stage, connections } = context
  const { afterId, jobs } = await backlog(context, deliveries)
  const rates = new Map([['ours', await ours(context, jobs.length)]])
  rates.set('limit', await limit(stage, jobs, { afterId, connections }))
  rates.set('durable-limit', await durableLimit(context, deliveries))
  for (const peer of context.peers.list) rates.set(peer.name, await drainPeer(context, peer, jobs))
  return rates
}

/** Deliveries that wait in the app's database, and what they say, for the others. */
async function backlog({ stage, publisher }, deliveries) {
  const afterId = await lastId(stage.url)
  await publisher.ask({ publish: deliveries / WEBHOOKS, batch: BATCH })
  const jobs = await jobsOf(stage.url, afterId)
  if (jobs.length !== deliveries) throw new Error(`${jobs.length} deliveries wait instead of ${deliveries}`)
  return { afterId, jobs }
}

async function ours({ stage }, deliveries) {
  await settle(stage.url)
  await stage.receiver.ask('forget')
  const worker = await stage.startWorker()
  const before = cpuTimes()
  await arrival(stage.receiver, deliveries)
  await until(() => noneWaits(stage.url))
  const endedAt = instant()
  tellCpu('ours', before, deliveries)
  await worker.stop()
  const counts = await stage.receiver.ask('counts')
  checkOnce(counts, deliveries, 'ours')
  await checkRecorded(stage.url)
  await settle(stage.url) // or autovacuum would do it while the next one drains
  return rateOf(counts, endedAt)
}

async function checkRecorded(url) {
  const [{ failed, deliveries }] = await query(
    url,
    `select count(*)::int as deliveries,
            count(*) filter (where status <> 'success' or completed_at is null or attempts <> 1)::int as failed
     from webhook_logs`,
  )
  if (failed > 0) throw new Error(`${failed} deliveries did not succeed at once`)
  const [{ table }] = await query(url, `select to_regclass('webhook_attempts') as table`)
  if (!table) return console.log('this version of the app keeps no attempts')
  const [{ attempts }] = await query(url, `select count(*)::int as attempts from webhook_attempts`)
  if (attempts !== deliveries)
    throw new Error(`${attempts} attempts of ${deliveries} deliveries are recorded`)
}

async function limit({ url, origin, receiver }, jobs, { afterId, connections }) {
  await receiver.ask('forget')
  const options = { url, afterId, origin, connections }
  const program = startProgram('programs/webhooks-limit.mjs', options)
  const before = cpuTimes()
  const endedAt = await program.message()
  tellCpu('limit', before, jobs.length)
  await program.stop()
  const counts = await receiver.ask('counts')
  checkOnce(counts, jobs.length, 'limit')
  return rateOf(counts, endedAt)
}

async function durableLimit(context, deliveries) {
  const { stage, connections } = context
  const { url, origin, receiver } = stage
  await backlog(context, deliveries)
  await settle(url)
  await receiver.ask('forget')
  const program = startProgram('programs/webhooks-durable-limit.mjs', { url, origin, connections })
  const before = cpuTimes()
  const endedAt = await program.message()
  tellCpu('durable-limit', before, deliveries)
  await program.stop()
  const counts = await receiver.ask('counts')
  checkOnce(counts, deliveries, 'durable limit')
  if (!(await noneWaits(url))) throw new Error('The durable limit left deliveries')
  await checkRecorded(url)
  await settle(url)
  return rateOf(counts, endedAt)
}

async function drainPeer({ stage, connections }, peer, jobs) {
  await peer.fill(peer.url, jobs)
  if (peer.isPostgres) await settle(peer.url)
  await stage.receiver.ask('forget')
  const { name, url, setting } = peer
  const options = { peer: name, url, setting, origin: stage.origin, connections }
  const worker = startProgram('programs/peer.mjs', options)
  const before = cpuTimes()
  try {
    await arrival(stage.receiver, jobs.length)
    await until(() => peer.isDone(url))
    const endedAt = instant()
    tellCpu(name, before, jobs.length)
    const counts = await stage.receiver.ask('counts')
    checkOnce(counts, jobs.length, name)
    return rateOf(counts, endedAt)
  } finally {
    await worker.stop()
    if (peer.isPostgres) await settle(url)
  }
}

/** After the first third, which warms up. */
function rateOf({ deliveries, hundredths }, endedAt) {
  const third = Math.floor(deliveries / 300)
  return ((deliveries - third * 100) / (endedAt - hundredths[third - 1])) * 1_000
}

/** Who has most to do on a machine where all share two processors. */
function tellCpu(name, before, deliveries) {
  if (deliveries > DELIVERIES) console.log(`${name}: ${cpuOfEach(before, deliveries)}`)
}

function report(rounds) {
  const names = [...rounds[0].keys()]
  for (const name of names)
    figure(`webhooks-${name}`, median(rounds.map((rates) => rates.get(name))), 'deliveries/s')
  tellRatios('webhooks', 'ours')
  tellRatios('webhooks-durable-limit', 'durable-limit') // how far any program could come that makes these writes

  function tellRatios(title, one) {
    for (const other of names.filter((name) => name !== one && name !== 'ours'))
      ratio(`${title}-to-${other}`, median(rounds.map((rates) => rates.get(one) / rates.get(other))))
  }
}
