import { instant } from '../support/instant.mjs'
import { jobsOf } from '../support/jobs.mjs'
import { createSender } from '../support/sender.mjs'

/** Posts and signs the same bodies from memory, so many at once, with no queue: nothing would be left of them in a crash. */
const { url, afterId, origin, connections } = JSON.parse(process.argv[2])
const jobs = await jobsOf(url, afterId)
const deliver = createSender(origin, connections)
process.on('disconnect', () => process.exit())
let next = 0
await Promise.all(Array.from({ length: connections }, deliverAll))
process.send(instant())

async function deliverAll() {
  while (next < jobs.length) await deliver(jobs[next++])
}
