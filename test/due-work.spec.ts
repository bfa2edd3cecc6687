import { setImmediate as turn } from 'node:timers/promises'
import { Logger } from '@nestjs/common'
import { SchedulerRegistry } from '@nestjs/schedule'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Config } from '../src/config/config.js'
import type { DatabaseOutage } from '../src/database/database-outage.js'
import { DueWorkRunner, type DueWork } from '../src/database/due-work.js'
import type { WakeUps } from '../src/database/wake-ups.js'

/** Of a database that is there. */
const outage = { explains: () => false } as unknown as DatabaseOutage

class Work implements DueWork {
  readonly capacity = 10
  due = 0
  looks = 0
  failure: Error | undefined

  constructor(
    readonly name: string,
    readonly goesFirst: boolean,
  ) {}

  async claim(limit: number): Promise<unknown[]> {
    this.looks++
    await turn()
    if (this.failure) throw this.failure
    return Array.from({ length: Math.min(limit, this.due) })
  }

  async msUntilNextDue(): Promise<null> {
    return null
  }
}

describe('work that goes first', () => {
  const wakes = new Map<string, () => void>()
  let runner: DueWorkRunner
  let recording: Work
  let telling: Work

  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] })
    Logger.overrideLogger(false)
    const config = { PROCESS_ROLES: ['worker'] } as Config
    const wakeUps = { on: (name: string, wake: () => void) => wakes.set(name, wake) } as unknown as WakeUps
    runner = new DueWorkRunner(config, wakeUps, new SchedulerRegistry(), outage)
    recording = new Work('recording', true)
    telling = new Work('telling', false)
    runner.register(recording)
    runner.register(telling)
    runner.onApplicationBootstrap()
    await settle()
  })
  afterEach(async () => {
    await runner.beforeApplicationShutdown()
    vi.useRealTimers()
  })

  it('keeps other work waiting while it finds as much as it takes at once, and wakes it then', async () => {
    await recordsAll(Infinity)
    expect(await looksOfTelling()).toBe(0)
    await vi.advanceTimersByTimeAsync(4_000)
    expect(await looksOfTelling()).toBe(0)
    telling.looks = 0
    await recordsAll(9)
    expect(telling.looks).toBeGreaterThan(0)
  })

  it('keeps nobody waiting while it finds less', async () => {
    await recordsAll(9)
    expect(await looksOfTelling()).toBe(1)
  })

  it('does so for five seconds at most, however much is due', async () => {
    await recordsAll(Infinity)
    await looksOfTelling()
    await vi.advanceTimersByTimeAsync(4_999)
    expect(telling.looks).toBe(0)
    await vi.advanceTimersByTimeAsync(1)
    await settle()
    expect(telling.looks).toBe(1)
    expect(await looksOfTelling()).toBe(1)
  })

  it('goes first again once others had as long as they had waited', async () => {
    await recordsAll(Infinity)
    await vi.advanceTimersByTimeAsync(2_000)
    await recordsAll(0)
    await vi.advanceTimersByTimeAsync(1_999)
    await recordsAll(Infinity)
    expect(await looksOfTelling()).toBe(1)
    await recordsAll(0)
    await vi.advanceTimersByTimeAsync(1)
    await recordsAll(Infinity)
    expect(await looksOfTelling()).toBe(0)
  })

  it('gives way when it fails', async () => {
    await recordsAll(Infinity)
    telling.looks = 0
    recording.failure = new Error('The database is away')
    await settle()
    expect(telling.looks).toBeGreaterThan(0)
  })

  /** So much is due from now on, whatever is taken. */
  async function recordsAll(due: number): Promise<void> {
    recording.due = due
    wakes.get('recording')!()
    await settle()
  }

  async function looksOfTelling(): Promise<number> {
    telling.looks = 0
    wakes.get('telling')!()
    await settle()
    return telling.looks
  }
})

it('uses the room that is left, however many pieces of work hang', async () => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] })
  const HANGING = 9
  const done: number[] = []
  let next = 0
  const work: DueWork<number> = {
    name: 'work',
    capacity: 10,
    claim: async (limit) => Array.from({ length: limit }, () => next++),
    perform: async (item) => (item < HANGING ? new Promise(() => {}) : void done.push(item)),
    msUntilNextDue: async () => null,
  }
  const wakeUps = { on: () => {} } as unknown as WakeUps
  const runner = new DueWorkRunner(
    { PROCESS_ROLES: ['worker'] } as Config,
    wakeUps,
    new SchedulerRegistry(),
    outage,
  )
  runner.register(work)
  runner.onApplicationBootstrap()
  for (let looks = 0; looks < 5; looks++) {
    await settle()
    await vi.advanceTimersByTimeAsync(100)
  }
  expect(done.slice(0, 5)).toEqual([9, 10, 11, 12, 13])
  vi.clearAllTimers()
  vi.useRealTimers()
})

it('counts what was begun as in hand until it is told that it is over, and waits for that when it stops', async () => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] })
  const limits: number[] = []
  const work: DueWork<number> = {
    name: 'work',
    capacity: 10,
    claim: async (limit) => {
      limits.push(limit)
      return Array.from({ length: limit }, (_, index) => index)
    },
    begin: () => {},
    msUntilNextDue: async () => null,
  }
  const wakeUps = { on: () => {} } as unknown as WakeUps
  const runner = new DueWorkRunner(
    { PROCESS_ROLES: ['worker'] } as Config,
    wakeUps,
    new SchedulerRegistry(),
    outage,
  )
  runner.register(work)
  runner.onApplicationBootstrap()
  await settle()
  expect(limits).toEqual([10])
  runner.ended('another', 10)
  runner.ended('work', 3)
  await vi.advanceTimersByTimeAsync(100)
  runner.ended('work', 6)
  await settle()
  expect(limits).toEqual([10, 3, 6])
  let hasStopped = false
  const stopped = runner.beforeApplicationShutdown().then(() => (hasStopped = true))
  runner.ended('work', 9)
  await settle()
  expect(hasStopped).toBe(false)
  runner.ended('work', 1)
  await stopped
  expect(limits).toHaveLength(3)
  vi.useRealTimers()
})

/** What was started has gone as far as it goes without time passing. */
async function settle(): Promise<void> {
  for (let turns = 0; turns < 20; turns++) await turn()
}

it('plans its next look also where the one before was due while it was looking', async () => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] })
  const wakes: ((inMs: number) => void)[] = []
  const answers: (() => void)[] = []
  let looks = 0
  const work: DueWork = {
    name: 'work',
    capacity: 10,
    claim: () => {
      looks++
      return new Promise((resolve) => answers.push(() => resolve([])))
    },
    msUntilNextDue: async () => 1_000,
  }
  const wakeUps = { on: (_: string, wake: (inMs: number) => void) => wakes.push(wake) } as unknown as WakeUps
  const runner = new DueWorkRunner(
    { PROCESS_ROLES: ['worker'] } as Config,
    wakeUps,
    new SchedulerRegistry(),
    outage,
  )
  runner.register(work)
  runner.onApplicationBootstrap()
  await settle()
  wakes[0]!(10) // a retry is due in the midst of the look
  await vi.advanceTimersByTimeAsync(10)
  answers.shift()!()
  await settle()
  answers.shift()!()
  await settle()
  expect(looks).toBe(2)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(looks).toBe(3)
  vi.clearAllTimers()
  vi.useRealTimers()
})
