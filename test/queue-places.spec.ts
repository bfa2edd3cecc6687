import { beforeEach, expect, it } from 'vitest'
import { QueuePlaces } from '../src/webhooks/queue-places.js'

const NOW = 1_000_000
const FULL = { webhookId: 1, quota: 3, dueMs: 20, ids: [5, 9, 7] }
let places: QueuePlaces
beforeEach(() => {
  places = new QueuePlaces()
})

it('goes on after the latest of a webhook of which all was taken that might be', () => {
  expect(look(NOW, FULL)).toEqual([[], [], []])
  expect(places.columns(NOW)).toEqual([[1], [20], [9]])
})

it('counts what is alike and what is not together', () => {
  look(NOW, { ...FULL, ids: [5], dueMs: 30 }, { ...FULL, ids: [9, 7] })
  expect(places.columns(NOW)).toEqual([[1], [30], [9]])
})

it('begins at the start where less was taken, or nothing, or of another', () => {
  look(NOW, FULL)
  look(NOW, { ...FULL, ids: [10, 11] })
  expect(places.columns(NOW)).toEqual([[], [], []])
  look(NOW, FULL)
  look(NOW, { ...FULL, webhookId: 2 })
  expect(places.columns(NOW)).toEqual([[2], [20], [9]])
})

it('begins at the start a second after it last did, and when the clock is set back', () => {
  look(NOW, FULL)
  look(NOW + 999, { ...FULL, ids: [10, 11, 12] })
  expect(look(NOW + 1_000, { ...FULL, ids: [1, 2, 3] })).toEqual([[], [], []])
  expect(look(NOW + 1_999, FULL)).toEqual([[1], [20], [3]])
  expect(look(NOW - 1, FULL)).toEqual([[], [], []])
})

function look(now: number, ...taken: Parameters<QueuePlaces['took']>[0]) {
  const columns = places.columns(now)
  places.took(taken)
  return columns
}
