import { DataSource } from '../../node_modules/typeorm/index.mjs'
import { dataSourceOptions } from '../../dist/ormconfig.js'
import { Clock } from '../../dist/src/database/clock.js'
import { UnitOfWork } from '../../dist/src/database/unit-of-work.js'
import { SlaMonitor } from '../../dist/src/sla/sla.monitor.js'
import { figure, median, quantile, ratio } from '../support/report.mjs'

const ROUNDS = 50
const LOOKS = 200
const WARM_UP_LOOKS = 200

/**
 * What the monitor costs while nothing is due: its own look (the claim's transaction, and the question when the next
 * clock is due) on databases with ever more open clocks. Rounds go from one to the next, so that noise meets them all;
 * the p99 is the median of the rounds', since a neighbour's slice of the processor would be most of that of all looks.
 *
 * @param databases by name, smallest first
 */
export async function idleTick(databases) {
  const monitors = new Map()
  const sources = []
  try {
    for (const [name, { url }] of databases) {
      const source = await new DataSource(dataSourceOptions(url)).initialize()
      sources.push(source)
      const work = new UnitOfWork(source, new Clock())
      // Nothing is due: events and recomputation hear empty lists.
      const nothing = { publish: async () => {}, ofClocks: async () => {} }
      monitors.set(name, new SlaMonitor(work, nothing, nothing, nothing, new Clock()))
    }
    for (const monitor of monitors.values()) await looks(monitor, WARM_UP_LOOKS)
    const rounds = []
    for (let round = 0; round < ROUNDS; round++) {
      const times = {}
      for (const [name, monitor] of monitors) times[name] = await looks(monitor, LOOKS)
      rounds.push(times)
    }
    for (const name of monitors.keys()) {
      const all = rounds.flatMap((times) => times[name])
      figure(`sla-idle-tick-${name}-p50`, quantile(all, 0.5), 'ms')
      figure(`sla-idle-tick-${name}-p99`, median(rounds.map((times) => quantile(times[name], 0.99))), 'ms')
      figure(`sla-idle-tick-${name}-p99-overall`, quantile(all, 0.99), 'ms')
    }
    const [smallest] = monitors.keys()
    const largest = [...monitors.keys()].at(-1)
    const ratios = rounds.map((times) => median(times[largest]) / median(times[smallest]))
    ratio(`sla-idle-tick-${largest}-to-${smallest}`, median(ratios))
  } finally {
    for (const source of sources) await source.destroy()
  }
}

/** The milliseconds of each look. */
async function looks(monitor, count) {
  const times = []
  for (let look = 0; look < count; look++) {
    const startedAt = performance.now()
    const claimed = await monitor.claim(monitor.capacity)
    const nextInMs = await monitor.msUntilNextDue()
    times.push(performance.now() - startedAt)
    if (claimed.length > 0 || !(nextInMs > 0)) throw new Error('Something is due on an idle database')
  }
  return times
}
