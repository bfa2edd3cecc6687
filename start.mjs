// `npm start`: builds what is not built yet, and then becomes the application: no starter stands between it and a signal.
import './check-node.mjs'
import { spawn } from 'node:child_process'

const ARGUMENTS = ['--max-semi-space-size=64', 'dist/src/main.js']

// npm's shell may be gone by the time at which the application looks for it.
process.env.STARTED_BY = String(process.ppid)
await import('./build-if-stale.mjs')
console.log('Starting …')

if (process.platform !== 'win32') process.execve(process.execPath, [process.execPath, ...ARGUMENTS])
const child = spawn(process.execPath, ARGUMENTS, { stdio: 'inherit' }) // Windows has neither exec nor signals
child.once('exit', (code) => process.exit(code ?? 1))
