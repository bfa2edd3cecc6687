import { describe, expect, it } from 'vitest'
import { Jitter, RetrySchedule } from '../src/webhooks/retry-schedule.js'

const SIX_HOURS = 6 * 60 * 60_000
const FAILURES = Array.from({ length: 20 }, (_, before) => before + 1)
const plain = (failures: number) => Math.min(2 ** failures * 1_000, SIX_HOURS)
const scheduleOf = (chance: number) => new RetrySchedule({ next: () => chance })

it('waits 2, 4, 8 … seconds to the millisecond where chance adds nothing, and at most six hours', () => {
  const waits = FAILURES.map((failures) => scheduleOf(0).waitMs(failures, null))
  expect(waits.slice(0, 5)).toEqual([2_000, 4_000, 8_000, 16_000, 32_000])
  expect(waits.slice(13, 16)).toEqual([16_384_000, SIX_HOURS, SIX_HOURS])
  expect(waits).toEqual(FAILURES.map(plain))
})

it('waits up to a tenth longer by chance, and never less', () => {
  expect(scheduleOf(0.5).waitMs(3, null)).toBe(8_400)
  const schedule = new RetrySchedule(new Jitter())
  for (const failures of FAILURES) {
    const waits = Array.from({ length: 200 }, () => schedule.waitMs(failures, null))
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(plain(failures))
    expect(Math.max(...waits)).toBeLessThanOrEqual(1.1 * plain(failures))
    expect(new Set(waits).size).toBeGreaterThan(20)
  }
})

describe('what a receiver asks for', () => {
  it('lengthens the wait', () => expect(scheduleOf(0).waitMs(1, 10_000)).toBe(10_000))

  it('never shortens it, nor what chance has added', () => {
    for (const asked of [0, 1_000, 7_999]) expect(scheduleOf(0).waitMs(3, asked)).toBe(8_000)
    expect(scheduleOf(0.5).waitMs(3, 8_001)).toBe(8_400)
  })

  it('counts for six hours at most', () => expect(scheduleOf(0).waitMs(1, 24 * 60 * 60_000)).toBe(SIX_HOURS))
})
