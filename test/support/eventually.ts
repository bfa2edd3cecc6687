import { setTimeout as sleep } from 'node:timers/promises'

/** Waits until a check passes: for what happens beside the test. The limit is only there to end a failing run. */
export async function eventually<T>(check: () => T | Promise<T>, withinMs = 15_000): Promise<T> {
  const end = performance.now() + withinMs
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (performance.now() > end) throw error
      await sleep(20)
    }
  }
}
