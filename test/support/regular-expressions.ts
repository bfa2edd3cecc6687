/** Long enough that an expression that takes time in proportion is done in a millisecond, and a quadratic one is not. */
const LENGTHS = [25, 1_000, 10_000]
const LIMIT_MS = 20
const RUNS = 3

const COMMON = [...' \t\n\u00a0aZ0_.-<>"\'(@:/=,;\\%&+?[~é\u2028\u202e']

/**
 * The text on which an expression takes far longer than one that goes through it once, or null. What counts is the time that
 * this thread computes, the least of three runs: a machine that is busy makes nothing slower.
 */
export function slowest(expression: RegExp): string | null {
  const fragments = expression.source.match(/[a-z0-9@<>=:/.,"' -]+/gi) ?? []
  const pumps = new Set([
    ...COMMON,
    ...expression.source,
    ...fragments,
    ...fragments.map((word) => `${word} `),
  ])
  const prefixes = new Set(['', 'a', ...fragments.slice(0, 3)])
  for (const pump of pumps)
    for (const prefix of prefixes)
      for (const suffix of ['', '!'])
        if (isSlow(expression, prefix, pump, suffix)) return `${prefix}${pump} × ${LENGTHS.at(-1)}${suffix}`
  return null
}

function isSlow(expression: RegExp, prefix: string, pump: string, suffix: string): boolean {
  return LENGTHS.some((length) => {
    const text = prefix + pump.repeat(Math.ceil(length / pump.length)) + suffix
    for (let run = 0; run < RUNS; run++) if (computed(expression, text) < LIMIT_MS) return false
    return true
  })
}

function computed(expression: RegExp, text: string): number {
  const before = process.threadCpuUsage()
  if (expression.global) text.replaceAll(expression, '')
  else expression.test(text)
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1000
}
