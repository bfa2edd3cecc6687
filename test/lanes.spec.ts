import { expect, it } from 'vitest'
import { Lanes } from '../src/webhooks/lanes.js'
import { Attempts, lanesOf } from './support/attempts.js'
import { randomly } from './support/random.js'

const CAP = 50
const FIRST = 8
/** Of a process that waits more than it works. */
const idleLanesOf = (cap: number) => lanesOf(cap, () => false)
const taken = (webhookId: number, count: number, quota: number) =>
  Array.from({ length: count }, () => ({ webhookId, quota }))

it('begins with a few attempts, one more with each success up to the cap, and half with each failure', () => {
  const lanes = idleLanesOf(12)
  const attempts = new Attempts(lanes, 1)
  attempts.add(100)
  const windows: number[] = []
  for (const how of [undefined, ...Array.from({ length: 6 }, () => 'succeeded' as const)]) {
    attempts.end(how)
    windows.push(attempts.underWay)
  }
  expect(windows).toEqual([8, 9, 10, 11, 12, 12, 12])
  for (const most of [6, 3, 1, 1]) {
    attempts.end('failed')
    while (attempts.underWay > most) attempts.end(undefined)
    attempts.end(undefined)
    expect(attempts.underWay).toBe(most)
  }
})

it('never begins with more than the cap', () => {
  const attempts = new Attempts(idleLanesOf(3), 1)
  attempts.add(10)
  expect(attempts.underWay).toBe(3)
})

it('one webhook’s attempts do not wait for another’s', () => {
  const lanes = idleLanesOf(CAP)
  const [hanging, other] = [new Attempts(lanes, 1), new Attempts(lanes, 2)]
  hanging.add(1_000)
  other.add(1)
  expect(other.begun).toEqual([0])
})

it('asks for twice the window of each webhook, less what is in hand', () => {
  const lanes = idleLanesOf(CAP)
  const attempts = new Attempts(lanes, 7)
  expect([lanes.room, ...lanes.rooms()]).toEqual([2 * FIRST])
  attempts.add(FIRST + 3)
  expect([...lanes.rooms()]).toEqual([[7, FIRST - 3]])
  attempts.add(20)
  expect([...lanes.rooms()]).toEqual([[7, 0]])
})

it('looks for more once there is room for a good handful, while a look has found all that it might take', () => {
  const lanes = idleLanesOf(CAP)
  const attempts = new Attempts(lanes, 1)
  lanes.took(lanes.rooms(), taken(1, 16, 16))
  attempts.add(16)
  expect([lanes.busy(), lanes.wantsMore(1)]).toEqual([[1], false])
  for (let ended = 1; ended < FIRST; ended++) attempts.end(undefined)
  expect([lanes.busy(), lanes.wantsMore(1)]).toEqual([[1], false])
  attempts.end(undefined)
  expect([lanes.busy(), lanes.wantsMore(1)]).toEqual([[], true])
  lanes.took(lanes.rooms(), taken(1, 3, 8))
  expect(lanes.wantsMore(1)).toBe(false)
})

it('stays hungry where the look had no room for it, and forgets a webhook once nothing is in hand or to be had', () => {
  const lanes = idleLanesOf(CAP)
  const attempts = new Attempts(lanes, 1)
  lanes.took(lanes.rooms(), taken(1, 16, 16))
  attempts.add(16)
  lanes.took(lanes.rooms(), [])
  while (attempts.underWay > 0) attempts.end('succeeded')
  expect(lanes.wantsMore(1)).toBe(true)
  expect([...lanes.rooms()]).toEqual([[1, 2 * (FIRST + 16)]])
  lanes.took(lanes.rooms(), [])
  expect([lanes.wantsMore(1), ...lanes.rooms()]).toEqual([false])
})

it('asks for more where a look found no room, although failures took the room and not a full hand', () => {
  const lanes = idleLanesOf(CAP)
  const attempts = new Attempts(lanes, 1)
  lanes.took(new Map(), taken(1, 10, 16))
  attempts.add(10)
  attempts.end('failed')
  const asked = lanes.rooms()
  expect([...asked]).toEqual([[1, 0]])
  lanes.took(asked, [])
  while (attempts.underWay > 4) attempts.end(undefined)
  expect(lanes.wantsMore(1)).toBe(false) // two still wait for their turn
  for (let ended = 0; ended < 2; ended++) attempts.end(undefined)
  expect(lanes.wantsMore(1)).toBe(true)
})

it('leaves the timer to those that do not ask by themselves', () => {
  const lanes = idleLanesOf(CAP)
  lanes.took(lanes.rooms(), taken(1, 12, 16))
  new Attempts(lanes, 1).add(12)
  expect(lanes.busy()).toEqual([])
  lanes.took(lanes.rooms(), taken(1, 4, 4))
  expect(lanes.busy()).toEqual([1])
})

it('begins thousands one after another that end at once, and forgets them', () => {
  const ended: number[] = []
  const lanes: Lanes<number> = new Lanes<number>(
    CAP,
    () => false,
    (item) => {
      if (item > 0) ended.push(item)
      if (item > 0) lanes.leave(1)
    },
  )
  for (let n = 0; n < FIRST; n++) lanes.enter(1, 0)
  for (let n = 1; n <= 20_000; n++) lanes.enter(1, n)
  expect(ended).toEqual([])
  lanes.leave(1)
  expect(ended).toEqual(Array.from({ length: 20_000 }, (_, index) => index + 1))
  expect(lanes.rooms().get(1)).toBe(2 * FIRST - (FIRST - 1))
  for (let n = 1; n < FIRST; n++) lanes.leave(1)
  expect([...lanes.rooms()]).toEqual([])
})

it.each([1, 2, 3, 4, 5])(
  'whatever happens, has no more under way than the window, loses none and keeps the order (seed %i)',
  (seed) => {
    const random = randomly(seed)
    const lanes = idleLanesOf(CAP)
    const attempts = new Attempts(lanes, 1)
    let added = 0
    let ended = 0
    let window = FIRST
    let reach = FIRST
    const step = (): void => {
      const count = random.integer(0, 12)
      attempts.add(count)
      added += count
      for (let ends = random.integer(0, 8); ends > 0 && attempts.underWay > 0; ends--) {
        const how = random.chance(0.7) ? 'succeeded' : random.chance(0.5) ? 'failed' : undefined
        const before = attempts.underWay
        if (how === 'succeeded') reach = Math.min(CAP, reach + 1)
        if (how === 'succeeded' && added - ended > before) window = Math.min(reach, window + 1)
        if (how === 'failed')
          [reach, window] = [reach, window].map((size) => Math.max(1, Math.floor(size / 2))) as [
            number,
            number,
          ]
        attempts.end(how, random.integer(0, before - 1))
        ended++
        // Those that began under a wider window are not cut short.
        expect(attempts.underWay).toBe(Math.min(added - ended, Math.max(window, before - 1)))
        if (added === ended) window = reach = FIRST // nothing is known of one that has nothing in hand
      }
      expect(attempts.begun).toEqual(attempts.begun.map((_, index) => index))
    }
    for (let n = 0; n < 300; n++) step()
    while (attempts.underWay > 0) attempts.end(undefined)
    expect(attempts.begun).toHaveLength(added)
    expect([...lanes.rooms()]).toEqual([])
  },
)
