import { createServer } from 'node:http'
import { monitorEventLoopDelay } from 'node:perf_hooks'

/**
 * Loaded into the app with `--import`: tells on a port of its own by how many milliseconds its event loop was late at most
 * since last asked, and the most memory (RSS, in bytes) meanwhile. The answer waits for the loop like any other, so that no
 * delay is missed. `cpuMs` is what the loop's own thread has computed, which neighbours do not lengthen.
 */
const RESOLUTION_MS = 2

const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
delay.enable()
let rss = 0
let cpu = process.threadCpuUsage()
const look = () => (rss = Math.max(rss, process.memoryUsage.rss()))
setInterval(look, 10).unref()

createServer({ keepAliveTimeout: 600_000 }, (_request, response) => {
  look()
  const { user, system } = process.threadCpuUsage(cpu)
  const delayMs = Math.max(0, delay.max / 1e6 - RESOLUTION_MS)
  response.end(JSON.stringify({ delayMs, cpuMs: (user + system) / 1_000, rss }))
  cpu = process.threadCpuUsage()
  delay.reset()
  rss = 0
})
  .listen(Number(process.env.LOOP_WATCH_PORT), '127.0.0.1')
  .unref()
