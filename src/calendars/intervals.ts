/** In epoch milliseconds, half-open. */
export interface Interval {
  from: number
  to: number
}

/** Sorted and apart from each other: what touches or overlaps is one, what is empty or reversed is gone. */
export function union(intervals: Interval[]): Interval[] {
  const merged: Interval[] = []
  const sorted = intervals.filter(({ from, to }) => from < to).sort((a, b) => a.from - b.from)
  for (const { from, to } of sorted) {
    const last = merged.at(-1)
    if (last && from <= last.to) last.to = Math.max(last.to, to)
    else merged.push({ from, to })
  }
  return merged
}

/**
 * Cuts spans of time along `edges`: each piece comes with the edge interval that it lies in, if any. Both the edges and
 * the spans that it is called with are sorted and do not overlap.
 */
export function cutter<Edge extends Interval>(edges: Edge[]) {
  let next = 0
  return function* cut(from: number, to: number): Generator<Interval & { in?: Edge }> {
    for (let at = from; at < to;) {
      while (next < edges.length && edges[next]!.to <= at) next++
      const edge = edges[next]
      const isIn = edge !== undefined && edge.from <= at
      const until = Math.min(to, isIn ? edge.to : (edge?.from ?? to))
      yield { from: at, to: until, in: isIn ? edge : undefined }
      at = until
    }
  }
}
