import { execSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'

/**
 * `npm run bench -- <name>`. Benches print `FIGURE <name> <value> <unit>` and `RATIO <name> <value>`; a ratio is taken
 * against a limit that was measured in the same run, so that it means the same on any machine.
 */
const here = import.meta.dirname
const SUPPORT = ['run.mjs']
const names = readdirSync(here)
  .filter((file) => file.endsWith('.mjs') && !SUPPORT.includes(file))
  .map((file) => file.slice(0, -'.mjs'.length))

const [name] = process.argv.slice(2)
if (!names.includes(name)) {
  console.error(`Which bench? npm run bench -- ${names.join(' | ')}`)
  process.exit(2)
}
if (!isInstalled()) execSync(`npm ci --prefix "${here}"`, { stdio: 'inherit' })
const { bench } = await import(`./${name}.mjs`)
try {
  await bench()
} catch (error) {
  console.error(`✗ ${error.stack}`)
  process.exitCode = 1
}

/** What npm installed last is not older than the lockfile: a bench may have brought a peer since. */
function isInstalled() {
  const installed = `${here}/node_modules/.package-lock.json`
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(`${here}/package-lock.json`).mtimeMs
}
