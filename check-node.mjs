// Imported before anything else: what comes after it fails on an older Node with errors that tell nobody why.
import { readFileSync } from 'node:fs'

const { engines } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'))
const [needed, neededMinor] = /(\d+)\.(\d+)/.exec(engines.node).slice(1).map(Number)
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < needed || (major === needed && minor < neededMinor)) {
  console.error(
    `Punctual runs on Node ${needed}.${neededMinor} or newer, and this is ${process.version}. npm ci brings one for all ` +
      `npm scripts, unless development dependencies or install scripts were left out: then install Node ${needed}.`,
  )
  process.exit(1)
}
