const AT_ONCE = 8

/** Runs something for each of many, a few at a time; answers in their order. */
export async function inParallel<In, Out>(items: In[], run: (item: In) => Promise<Out>): Promise<Out[]> {
  const results: Out[] = []
  const left = [...items.entries()]
  const work = async (): Promise<void> => {
    for (let next = left.pop(); next; next = left.pop()) results[next[0]] = await run(next[1])
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return results
}
