import type { ChaosDatabase } from './chaos-database.js'

/** A line that machines read too. */
export const figure = (name: string, value: number, unit: string) =>
  console.log(`FIGURE ${name} ${Math.round(value)} ${unit}`)

/** Median, 99th percentile and worst of some durations in milliseconds. */
export function figures(name: string, durations: number[]): void {
  const sorted = durations.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
  figure(`${name}-p50`, at(0.5), 'ms')
  figure(`${name}-p99`, at(0.99), 'ms')
  figure(`${name}-max`, at(1), 'ms')
}

/** How long after their instants warnings and breaches were recorded. */
export async function printLateness(database: ChaosDatabase, name: string): Promise<void> {
  const late = await database.query<{ warning: number; breach: number }>(
    `select extract(epoch from warned_at - warning_at)::float8 * 1000 as warning,
            extract(epoch from breached_at - deadline_at)::float8 * 1000 as breach from sla_clocks`,
  )
  figures(
    `${name}-warning-lateness`,
    late.map(({ warning }) => warning),
  )
  figures(
    `${name}-breach-lateness`,
    late.map(({ breach }) => breach),
  )
}
