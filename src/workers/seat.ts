import { threadId, type Worker } from 'node:worker_threads'

// Both sides use this file, the worker through Node's type stripping in tests.

/** Where a worker says which thread has a task, and how many milliseconds that had computed before. */
export type Seat = Float64Array<SharedArrayBuffer>

export const newSeat = (): Seat => new Float64Array(new SharedArrayBuffer(2 * Float64Array.BYTES_PER_ELEMENT))

/** The worker's side, first of all. */
export function sitDown(seat: Seat): void {
  seat[1] = milliseconds(process.threadCpuUsage())
  seat[0] = threadId
}

/** How many milliseconds the task has computed: 0 before it begins. A machine that is busy makes none of them. */
export async function computedAt(seat: Seat, threads: Worker[]): Promise<number> {
  const thread = threads.find((worker) => seat[0] !== 0 && worker.threadId === seat[0])
  return thread ? milliseconds(await thread.cpuUsage()) - seat[1]! : 0
}

const milliseconds = ({ user, system }: NodeJS.CpuUsage) => (user + system) / 1000
