import { beforeEach, expect, it } from 'vitest'
import { QueuePlaces } from '../src/webhooks/queue-places.js'

const NOW = 1_000_000
const FULL = { webhookId: 1, quota: 3, count: 3, dueMs: 20, lastId: 9 }
const NO_ROOM = new Map([[1, 0]])
let places: QueuePlaces
beforeEach(() => {
  places = new QueuePlaces()
})

it('goes on after the last of a webhook of which all was taken that might be', () => {
  expect(look(NOW, FULL)).toEqual([[], [], []])
  expect(places.columns(NOW)).toEqual([[1], [20], [9]])
})

it('counts what is alike and what is not together', () => {
  look(NOW, { ...FULL, count: 2 }, { ...FULL, count: 1, dueMs: 30, lastId: 5 })
  expect(places.columns(NOW)).toEqual([[1], [30], [5]])
  look(NOW, { ...FULL, count: 1 }, { ...FULL, count: 2, lastId: 11 })
  expect(places.columns(NOW)).toEqual([[1], [20], [11]])
})

it('begins at the start where less was taken, or nothing, or of another', () => {
  look(NOW, FULL)
  look(NOW, { ...FULL, count: 2 })
  expect(places.columns(NOW)).toEqual([[], [], []])
  look(NOW, FULL)
  look(NOW, { ...FULL, webhookId: 2 })
  expect(places.columns(NOW)).toEqual([[2], [20], [9]])
})

it('begins at the start a second after it last did, and when the clock is set back', () => {
  look(NOW, FULL)
  look(NOW + 999, { ...FULL, lastId: 12 })
  expect(look(NOW + 1_000, { ...FULL, lastId: 3 })).toEqual([[], [], []])
  expect(look(NOW + 1_999, FULL)).toEqual([[1], [20], [3]])
  expect(look(NOW - 1, FULL)).toEqual([[], [], []])
})

it('stays where nothing was looked for', () => {
  look(NOW, FULL)
  places.columns(NOW)
  places.took([{ ...FULL, webhookId: 2 }], NO_ROOM)
  expect(places.columns(NOW)).toEqual([
    [1, 2],
    [20, 20],
    [9, 9],
  ])
})

function look(now: number, ...taken: Parameters<QueuePlaces['took']>[0]) {
  const columns = places.columns(now)
  places.took(taken, new Map())
  return columns
}
