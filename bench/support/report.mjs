export function figure(name, value, unit) {
  console.log(`FIGURE ${name} ${round(value)} ${unit}`)
}

export function ratio(name, value) {
  console.log(`RATIO ${name} ${value.toFixed(3)}`)
}

/** The middle one: a noisy neighbour spoils a round, not the result. */
export function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
}

export function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
}

const round = (value) =>
  value < 1 ? Number(value.toFixed(2)) : value < 100 ? Number(value.toFixed(1)) : Math.round(value)
