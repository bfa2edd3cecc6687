import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, expect, it, vi } from 'vitest'
import { Batcher } from '../src/database/batcher.js'

afterEach(() => vi.useRealTimers())

/** Flushes that end when the test says so. */
function flushes(atOnce: number, apartMs = 0) {
  const begun: number[][] = []
  const ends: ((error?: Error) => void)[] = []
  const batcher = new Batcher<number>(
    (items) => {
      begun.push(items)
      return new Promise((resolve, reject) => ends.push((error) => (error ? reject(error) : resolve())))
    },
    atOnce,
    apartMs,
  )
  return { batcher, begun, ends }
}

it('flushes the first at once, and gathers while it is under way', async () => {
  const { batcher, begun, ends } = flushes(1)
  for (const n of [1, 2]) void batcher.add(n)
  await turn()
  for (const n of [3, 4]) void batcher.add(n)
  await turn()
  expect(begun).toEqual([[1, 2]])
  ends[0]!()
  await turn()
  expect(begun).toEqual([
    [1, 2],
    [3, 4],
  ])
})

it('has so many under way, and the next begins when any of them ends', async () => {
  const { batcher, begun, ends } = flushes(2)
  for (const n of [1, 2, 3, 4]) {
    void batcher.add(n)
    await turn()
  }
  expect(begun).toEqual([[1], [2]])
  ends[1]!() // the first hangs
  await turn()
  expect(begun).toEqual([[1], [2], [3, 4]])
})

it('tells an error to those whose flush it was, and goes on', async () => {
  const { batcher, begun, ends } = flushes(1)
  const first = batcher.add(1)
  await turn()
  const second = batcher.add(2)
  ends[0]!(new Error('No'))
  await expect(first).rejects.toThrow('No')
  await turn()
  ends[1]!()
  await expect(second).resolves.toBeUndefined()
  expect(begun).toEqual([[1], [2]])
})

it('begins no flush sooner after another than it was told, and the first at once', async () => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout'] })
  const { batcher, begun, ends } = flushes(2, 20)
  void batcher.add(1)
  await turn()
  expect(begun).toEqual([[1]])
  ends[0]!()
  void batcher.add(2)
  await vi.advanceTimersByTimeAsync(19)
  void batcher.add(3)
  expect(begun).toEqual([[1]])
  await vi.advanceTimersByTimeAsync(1)
  expect(begun).toEqual([[1], [2, 3]])
  await vi.advanceTimersByTimeAsync(20)
  void batcher.add(4)
  await turn()
  expect(begun).toEqual([[1], [2, 3], [4]])
})
