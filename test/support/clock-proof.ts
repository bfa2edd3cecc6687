import { expect } from 'vitest'
import type { Body } from './api-client.js'

const MINUTE = 60_000

/** What an operator checks of an explained clock, with a pencil. */
export function expectProof(clock: Body): void {
  expect(clock.replays, JSON.stringify(clock)).toBe(true)
  const ms = (seconds: number) => Math.round(seconds * 1_000)
  expect(ms(clock.countedSeconds + clock.unusedSeconds)).toBe(clock.targetMinutes * MINUTE)
  if (clock.state === 'running' || clock.state === 'late')
    expect(clock).toMatchObject({ until: clock.deadlineAt, unusedSeconds: 0 })
  const listed = clock.counted.reduce((sum: number, { seconds }: Body) => sum + ms(seconds), 0)
  expect(listed).toBe(ms(clock.countedSeconds))
  expect(clock.countedSeconds + clock.pausedSeconds + clock.closedSeconds).toBeCloseTo(
    (Date.parse(clock.until) - Date.parse(clock.startedAt)) / 1_000,
    6,
  )
}
