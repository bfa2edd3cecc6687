// `npm start`: builds what is not built yet, and then becomes the application: no starter stands between it and a signal.
import './check-node.mjs'
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

const ARGUMENTS = ['--max-semi-space-size=64', 'dist/src/main.js']

// npm and its shell may be gone by the time at which the application looks for them.
process.env.STARTED_BY = `${process.ppid} ${parentOf(process.ppid)}`
await import('./build-if-stale.mjs')
console.log('Starting …')

if (process.platform !== 'win32') process.execve(process.execPath, [process.execPath, ...ARGUMENTS])
const child = spawn(process.execPath, ARGUMENTS, { stdio: 'inherit' }) // Windows has neither exec nor signals
child.once('exit', (code) => process.exit(code ?? 1))

/** As app.lifetime.ts does: 0 where there is no /proc. */
function parentOf(pid) {
  try {
    return Number(/.*\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))[1])
  } catch {
    return 0
  }
}
