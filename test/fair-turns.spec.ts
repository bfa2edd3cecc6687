import { describe, expect, it } from 'vitest'
import { FairTurns } from '../src/workers/fair-turns.js'

const refusal = () => new Error('full')

/** Work that lasts until it is let go, and the order in which it began. */
function stage(settings: Partial<ConstructorParameters<typeof FairTurns>[0]> = {}) {
  const turns = new FairTurns({ places: 2, maxWaiting: 10, maxWaitingEach: 5, ...settings })
  const begun: string[] = []
  const ends: (() => void)[] = []
  const want = (key: string, name = key) =>
    turns.take(key, refusal, () => {
      begun.push(name)
      return new Promise<string>((resolve) => ends.push(() => resolve(name)))
    })
  const endOne = async () => {
    ends.shift()!()
    await new Promise(setImmediate)
  }
  return { want, begun, endOne }
}

describe('turns at a few places', () => {
  it('leave one to others, whatever one wants', () => {
    const { want, begun } = stage()
    void want('a', 'a1')
    void want('a', 'a2')
    void want('b')
    expect(begun).toEqual(['a1', 'b'])
  })

  it('go round those who wait', async () => {
    const { want, begun, endOne } = stage({ places: 1 })
    for (const name of ['a1', 'a2', 'a3', 'b1', 'b2']) void want(name[0]!, name)
    for (let left = 4; left > 0; left--) await endOne()
    expect(begun).toEqual(['a1', 'a2', 'b1', 'a3', 'b2'])
  })

  it('are refused to one who has too many waiting, and to all when too many wait', async () => {
    const { want } = stage({ places: 1, maxWaiting: 3, maxWaitingEach: 2 })
    for (let wanted = 0; wanted < 3; wanted++) void want('a')
    await expect(want('a')).rejects.toThrow('full')
    void want('b')
    await expect(want('c')).rejects.toThrow('full')
  })

  it('are given up after a while, and the place of whoever gave up is not counted', async () => {
    const { want, begun, endOne } = stage({ places: 1, maxWaitMs: 1 })
    const first = want('a', 'a1')
    await expect(want('a', 'a2')).rejects.toThrow('full')
    await endOne()
    expect(await first).toBe('a1')
    void want('b')
    expect(begun).toEqual(['a1', 'b'])
  })

  it('end with the work, whether it succeeds or not', async () => {
    const turns = new FairTurns({ places: 1, maxWaiting: 1, maxWaitingEach: 1 })
    await expect(turns.take('a', refusal, () => Promise.reject(new Error('failed')))).rejects.toThrow(
      'failed',
    )
    expect(await turns.take('a', refusal, () => Promise.resolve('done'))).toBe('done')
  })
})
