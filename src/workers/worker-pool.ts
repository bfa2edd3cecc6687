import { Logger } from '@nestjs/common'
import { Piscina } from 'piscina'
import { workerModule } from './worker-module.js'

export const MAX_THREADS = 2
const IDLE_MS = 30_000
const CLOSE_WITHIN_MS = 5_000

/**
 * Threads for work that would hold up the event loop; none while there is nothing to do. Close it in
 * onApplicationShutdown, not earlier: requests that are under way when a stop begins still need it.
 *
 * @param callerUrl the caller's `import.meta.url`: the worker stands beside it
 * @param name its file name without its ending
 * @param maxHeapMb a task that takes more ends with `isOutOfMemory`
 */
export function workerPool<Task, Outcome>(callerUrl: string, name: string, maxHeapMb: number) {
  const logger = new Logger(`Worker:${name}`)
  const pool = new Piscina<Task, Outcome>({
    ...workerModule(callerUrl, name),
    minThreads: 0,
    maxThreads: MAX_THREADS,
    idleTimeout: IDLE_MS,
    closeTimeout: CLOSE_WITHIN_MS,
    resourceLimits: { maxOldGenerationSizeMb: maxHeapMb },
  })
  return pool.on('error', (error) => logger.error(error))
}

export const isOutOfMemory = (error: unknown): boolean =>
  (error as NodeJS.ErrnoException).code === 'ERR_WORKER_OUT_OF_MEMORY'
