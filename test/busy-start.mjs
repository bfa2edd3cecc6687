// `npm run busy-check [rounds]`: in a fresh clone, on a machine whose cores are all busy, `npm run demo` and `npm start` come to
// their end and to readiness. Prints how long each took; exits 1 when one did not.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const ROUNDS = Number(process.argv[2] ?? 5)
/** A run that takes longer is stuck, and not slow. */
const STUCK_AFTER_MS = 600_000
const SPINNERS = 2 * availableParallelism()

const spinners = Array.from({ length: SPINNERS }, () => spawn(process.execPath, ['-e', 'for (;;);']))
process.once('exit', () => spinners.forEach((spinner) => spinner.kill('SIGKILL')))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1))

const results = { demo: 0, start: 0 }
for (let round = 1; round <= ROUNDS; round++) await freshClone(round)
console.log(`npm run demo: ${results.demo} of ${ROUNDS}, npm start: ${results.start} of ${ROUNDS}`)
process.exit(results.demo + results.start === 2 * ROUNDS ? 0 : 1)

async function freshClone(round) {
  const folder = mkdtempSync(join(tmpdir(), 'punctual-busy-'))
  chmodSync(folder, 0o755) // as root, PostgreSQL runs as another OS user, who must get in
  try {
    const clone = join(folder, 'punctual')
    execFileSync('git', ['clone', '--quiet', '.', clone])
    await timed(round, 'npm ci', () => run(clone, ['ci', '--no-audit', '--no-fund']))
    if (await timed(round, 'npm run demo', () => run(clone, ['run', 'demo']))) results.demo++
    if (await timed(round, 'npm start', () => start(clone))) results.start++
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function timed(round, name, act) {
  const startedAt = performance.now()
  const failure = await act().then(
    () => undefined,
    (error) => error.message,
  )
  const seconds = Math.round((performance.now() - startedAt) / 1_000)
  console.log(`${round}. ${name}: ${failure ? `FAILED, ${failure}` : 'ok'} after ${seconds} s`)
  return failure === undefined
}

async function run(cwd, args) {
  const { child, output } = npm(cwd, args)
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`exit code ${code}:\n${output.join('')}`)
}

/** Until it is ready; then it is stopped as an operator would, with its database. */
async function start(cwd) {
  const { child, output } = npm(cwd, ['start'], { PORT: '0' })
  const exit = once(child, 'exit')
  try {
    const url = await listening(child, output)
    const answer = await fetch(`${url}/api/health/ready`)
    if (!answer.ok) throw new Error(`readiness answered ${answer.status}`)
  } finally {
    child.kill('SIGTERM')
    await exit
  }
  for (let tries = 0; isAnyoneLeft(cwd); tries++) {
    if (tries === 350) throw new Error('the application or its PostgreSQL goes on after npm has ended')
    await sleep(100)
  }
}

async function listening(child, output) {
  for (const end = performance.now() + STUCK_AFTER_MS; performance.now() < end; await sleep(100)) {
    const [, url] = /listens on (http:\S+)/.exec(output.join('')) ?? []
    if (url) return url
    if (child.exitCode !== null) break
  }
  throw new Error(`it did not listen:\n${output.join('')}`)
}

function npm(cwd, args, environment = {}) {
  const { PATH, HOME } = process.env
  const child = spawn('npm', args, { cwd, env: { PATH, HOME, ...environment }, timeout: STUCK_AFTER_MS })
  const output = []
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => output.push(text))
  return { child, output }
}

/** Whatever runs in that folder or names it. */
function isAnyoneLeft(folder) {
  const processes = execFileSync('ps', ['-ww', '-eo', 'args'], { encoding: 'utf8' })
  return processes.split('\n').some((line) => line.includes(folder))
}
