import { expect, it } from 'vitest'
import { Attempts, lanesOf } from './support/attempts.js'

const CAP = 50
const FIRST = 8

it('makes fewer attempts at once while the process is busy: its webhooks share some', () => {
  let isBusy = false
  const lanes = lanesOf(12, () => isBusy)
  const others = Array.from({ length: 9 }, (_, index) => new Attempts(lanes, 2 + index))
  for (const other of others) other.add(1)
  const attempts = new Attempts(lanes, 1)
  attempts.add(100)
  for (let ended = 0; ended < 2; ended++) attempts.end('succeeded')
  const windows: number[] = []
  const succeed = (count: number): void => {
    for (let ended = 0; ended < count; ended++) {
      attempts.end('succeeded')
      windows.push(attempts.underWay)
    }
  }
  isBusy = true
  succeed(2)
  for (const other of others.slice(0, 2)) other.end('succeeded')
  succeed(3)
  expect(windows).toEqual([10, 10, 11, 12, 12]) // of 100: a tenth, and an eighth up to the cap
  for (let hook = 0; hook < 17; hook++) new Attempts(lanes, 100 + hook).add(1)
  succeed(9)
  expect(windows.slice(5)).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 4])
  isBusy = false
  succeed(3)
  expect(windows.slice(14)).toEqual([5, 6, 7])
  while (attempts.underWay > 5) attempts.end(undefined)
  expect(lanes.rooms().get(1)).toBe(2 * 12 - 5) // what it holds is another matter
})

it('in a busy process a webhook begins with no more than its share', () => {
  const lanes = lanesOf(CAP, () => true)
  const all = Array.from({ length: 100 }, (_, index) => new Attempts(lanes, index))
  for (const attempts of all) attempts.add(10)
  expect(all[11]!.underWay).toBe(8)
  expect(all[24]!.underWay).toBe(4)
  expect(all[99]!.underWay).toBe(1)
})

it('holds no more of a slow webhook than it sends within a second, however many successes it has', () => {
  const lanes = lanesOf(CAP, () => true)
  const [slow, quick] = [new Attempts(lanes, 1, 500), new Attempts(lanes, 2, 5)]
  for (let hook = 3; hook <= 20; hook++) new Attempts(lanes, hook).add(1)
  for (const attempts of [slow, quick]) {
    attempts.add(1_000)
    for (let n = 0; n < 500; n++) attempts.end('succeeded')
    while (attempts.underWay > 0) {
      if (lanes.rooms().get(attempts === slow ? 1 : 2)! > 0) break
      attempts.end(undefined)
    }
  }
  const held = (id: number, { added, ended }: Attempts) => lanes.rooms().get(id)! + added - ended
  expect(held(1, slow)).toBeLessThanOrEqual(2 * 11) // five at once, two a second each, and as many in hand
  expect(held(2, quick)).toBe(2 * CAP)
})

it('makes no more at once because of successes for which nothing had to wait', () => {
  const attempts = new Attempts(
    lanesOf(CAP, () => false),
    1,
  )
  for (let n = 0; n < 20; n++) {
    attempts.add(1)
    attempts.end('succeeded')
  }
  attempts.add(100)
  expect(attempts.underWay).toBe(FIRST)
})
