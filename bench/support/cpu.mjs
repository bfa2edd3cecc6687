import { readdirSync, readFileSync } from 'node:fs'

/** Linux counts in hundredths of a second, whatever its clock. */
const TICK_US = 10_000
const STEAL = 7
const KINDS = [
  ['worker', /dist\/src\/main\.js|programs\/(peer|webhooks-(durable-)?limit)\.mjs/],
  ['receiver', /programs\/receiver\.mjs/],
  ['postgres', /postgres/], // last: programs are told its address
]

/** Processor time of each process of these kinds so far, in microseconds; none where there is no /proc. */
export function cpuTimes() {
  const times = new Map()
  for (const pid of processes()) {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1')
      const kind = KINDS.find(([, pattern]) => pattern.test(command))?.[0]
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
      const [user, system] = stat
        .slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .slice(11, 13)
      if (kind) times.set(pid, { kind, us: (Number(user) + Number(system)) * TICK_US })
    } catch {
      // It has just ended.
    }
  }
  return times
}

/** What those that still run have used since then for each of so many, as a line to read. */
export function cpuOfEach(before, count) {
  const used = new Map(KINDS.map(([kind]) => [kind, 0]))
  for (const [pid, { kind, us }] of cpuTimes())
    used.set(kind, used.get(kind) + us - (before.get(pid)?.us ?? 0))
  const told = [...used].map(([kind, us]) => `${kind} ${(us / count).toFixed(0)}`)
  return `µs of processor each: ${told.join(', ')}`
}

/** The processors' time so far, by what it went to (`proc(5)`); none where there is no /proc. */
export function systemTimes() {
  try {
    return readFileSync('/proc/stat', 'latin1').split('\n', 1)[0].split(/ +/).slice(1, 9).map(Number)
  } catch {
    return []
  }
}

/** The share of the processors' time since then that the host gave to others. */
export function stolenSince(before) {
  const used = systemTimes().map((time, kind) => time - before[kind])
  const total = used.reduce((sum, time) => sum + time, 0)
  return total === 0 ? 0 : used[STEAL] / total
}

function processes() {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  } catch {
    return []
  }
}
