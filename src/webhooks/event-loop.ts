/** How often it is looked at, at the most. */
const EVERY_MS = 10
/** Of the time, at work. What else runs on the machine is more than this process knows of. */
const BUSY = 0.5

/** Tells whether this process's event loop has worked more than it waited, of late or since it was last asked. */
export function eventLoopIsBusy(): () => boolean {
  let since = performance.eventLoopUtilization()
  let lookedAt = performance.now()
  let isBusy = false
  return () => {
    const now = performance.now()
    if (now - lookedAt < EVERY_MS) return isBusy
    const until = performance.eventLoopUtilization()
    isBusy = performance.eventLoopUtilization(until, since).utilization >= BUSY
    since = until
    lookedAt = now
    return isBusy
  }
}
