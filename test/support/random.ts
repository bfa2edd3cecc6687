/** Random, and the same again for the same seed (mulberry32, public domain). */
export function randomly(seed: number) {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    /** Both ends included. */
    integer: (least: number, most: number): number => least + Math.floor(next() * (most - least + 1)),
    chance: (share: number): boolean => next() < share,
  }
}

export type Random = ReturnType<typeof randomly>

export const pick = <T>(random: Random, from: T[]): T => from[random.integer(0, from.length - 1)]!
