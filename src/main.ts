import { NODE_NEEDED } from './config/version.js'

/**
 * What is started, be it without npm. It imports nothing that an older Node could not link: that would end with a stack
 * before a line of ours runs.
 */
const numbersOf = (text: string) => text.match(/\d+/g)!.map(Number) as [number, number]
const [needed, neededMinor] = numbersOf(NODE_NEEDED)
const [major, minor] = numbersOf(process.versions.node)

if (major < needed || (major === needed && minor < neededMinor)) {
  console.error(`Punctual runs on Node ${needed}.${neededMinor} or newer, and this is ${process.version}`)
  process.exit(1)
}
await import('./app.start.js')
