// Schemathesis against a running application and openapi.json: no 5xx, no status, media type or schema that the contract
// does not have. Needs Python 3.10 or later and, the first time, PyPI. Usage: npm run contract [-- seconds]
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const HERE = import.meta.dirname
const SECONDS = Number(process.argv[2] ?? 300)

const schemathesis = installed()
const folder = mkdtempSync(join(tmpdir(), 'punctual-contract-'))
const port = await freePort()
const url = `http://127.0.0.1:${port}`
// Without workers nothing is delivered: the URLs that Schemathesis thinks of are other people's.
const app = spawn(process.execPath, ['dist/src/main.js'], {
  env: {
    ...process.env,
    ...{ NODE_ENV: 'development', DATABASE_URL: 'embedded', DATA_DIR: folder, HOST: '127.0.0.1' },
    ...{ PORT: String(port), PROCESS_ROLES: 'api', LOG_LEVEL: 'error' },
  },
  stdio: ['ignore', 'inherit', 'inherit'],
})
const exited = once(app, 'exit')
try {
  await ready()
  const { status } = spawnSync(schemathesis, parameters(), {
    stdio: 'inherit',
    cwd: folder,
    env: { ...process.env, SCHEMATHESIS_HOOKS: 'hooks', PYTHONPATH: HERE, PUNCTUAL_URL: url },
  })
  process.exitCode = status ?? 1
} finally {
  app.kill('SIGTERM')
  await exited
  rmSync(folder, { recursive: true, force: true })
}

function parameters() {
  return [
    ...['--no-color', 'run', join(HERE, '../../openapi.json')],
    ...['--url', url, '--max-time', String(SECONDS), '--workers', '2', '--request-timeout', '20'],
    // A stream does not end: its answer is judged by test/contract.e2e-spec.ts.
    ...['--exclude-path', '/api/events/stream'],
    // All checks but two. What a schema cannot say (a cursor that a page gave, a zone that exists, a key that is not
    // taken) is refused although the schema holds. And of a property that no schema requires it says that it is missing;
    // test/hostile.e2e-spec.ts sends what is wrong.
    ...['--exclude-checks', 'positive_data_acceptance,negative_data_rejection'],
    ...['--continue-on-failure', '--generation-database', 'none'],
  ]
}

/** In a folder that is kept: PyPI is asked once. */
function installed() {
  const venv = join(tmpdir(), 'punctual-schemathesis-4.32.5')
  const program = join(venv, 'bin/schemathesis')
  if (existsSync(program)) return program
  run('python3', ['-m', 'venv', venv])
  run(join(venv, 'bin/pip'), ['install', '--quiet', '--requirement', join(HERE, 'requirements.txt')])
  return program
}

function run(program, words) {
  const { status, error } = spawnSync(program, words, { stdio: 'inherit' })
  if (status !== 0) throw new Error(`${program} failed`, { cause: error })
}

async function ready() {
  for (let tries = 0; tries < 600; tries++) {
    if (app.exitCode !== null) throw new Error('The application ended before it was ready')
    const answer = await fetch(`${url}/api/health/ready`).catch(() => undefined)
    if (answer?.ok) return
    await sleep(100)
  }
  throw new Error('The application was not ready within a minute')
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return address.port
}
