// Posts to a receiver's good ways, then to its bad ones, and prints how much more memory the bad ones took, in bytes.
import 'reflect-metadata'
import { clientWith } from './webhook-client.js'

const [base, goodWays, badWays] = process.argv.slice(2)
const AT_ONCE = 10
const client = clientWith({ WEBHOOK_ALLOW_PRIVATE_CIDRS: '127.0.0.1/32', WEBHOOK_TIMEOUT_MS: '300' })
let attempts = 0

/** @returns the most memory that was in use after any of it */
async function meet(ways: string, rounds: number): Promise<number> {
  let most = 0
  for (let round = 0; round < rounds; round++)
    for (const way of ways.split(',')) {
      await Promise.all(Array.from({ length: AT_ONCE }, () => client.post(base + way, {}, '{}')))
      attempts += AT_ONCE
      globalThis.gc!()
      most = Math.max(most, process.memoryUsage.rss())
    }
  return most
}

const before = await meet(goodWays!, 30) // code is compiled, buffers and pools have grown
attempts = 0
const grown = (await meet(badWays!, 3)) - before
await client.onApplicationShutdown()
console.log(JSON.stringify({ before, grown, attempts }))
