import { createSender } from '../support/sender.mjs'

/** A worker of a peer: delivers what lies in its queue until it is ended. */
const { peer, url, setting, origin, connections } = JSON.parse(process.argv[2])
const { work } = await import(`../webhooks/peers/${peer}.mjs`)
process.on('disconnect', () => process.exit())
await work(url, setting, createSender(origin, connections))
