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
