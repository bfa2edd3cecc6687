import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url))

/** With which `npm run start:prod` runs the app; here everything else too, so that nobody has an advantage by them. */
const FLAGS = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).scripts[
  'start:prod'
].match(/--(?!import\b)\S+/g) // but for the check of Node's version, which stands beside the sources

/** The app's default settings, in production, on this database. */
export const environment = (databaseUrl) => ({
  NODE_ENV: 'production',
  JWT_SECRET: 'bench '.repeat(8),
  ENCRYPTION_KEY: 'benches '.repeat(8),
  DATABASE_URL: databaseUrl,
  WEBHOOK_ALLOW_PRIVATE_CIDRS: '127.0.0.0/8',
})

/** The app as it runs in production: a process of its own, with its default settings and its log in a file. */
export async function startApp(databaseUrl, settings = {}, flags = []) {
  const folder = mkdtempSync(join(tmpdir(), 'punctual-bench-app-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const log = openSync(join(folder, 'log'), 'a')
  // BENCH_NODE_OPTIONS="--cpu-prof --cpu-prof-dir=…" shows where the app's time goes.
  const options = (process.env.BENCH_NODE_OPTIONS ?? '').split(' ').filter(Boolean)
  const child = spawn(process.execPath, [...FLAGS, ...options, ...flags, MAIN], {
    cwd: folder, // no .env counts here
    env: { PATH: process.env.PATH, ...environment(databaseUrl), PORT: String(port), ...settings },
    stdio: ['ignore', log, log],
  })
  const isRunning = () => child.exitCode === null && child.signalCode === null
  const stop = async () => {
    if (isRunning()) {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    }
    rmSync(folder, { recursive: true, force: true })
  }
  while (!(await isReady(url))) {
    if (!isRunning()) throw new Error(`The app did not start:\n${readFileSync(join(folder, 'log'), 'utf8')}`)
    await sleep(50)
  }
  return { url, stop }
}

/**
 * Another program of the bench, beside this process: it sends one message when it stands, and one with its result; one
 * that is asked by `ask` answers each question with one.
 */
export function startProgram(script, options = {}, env = {}) {
  const path = fileURLToPath(new URL(`../${script}`, import.meta.url))
  const child = fork(path, [JSON.stringify(options)], {
    cwd: tmpdir(),
    env: { ...process.env, ...env },
    execArgv: FLAGS,
  })
  const ended = once(child, 'exit')
  const failed = ended.then(([code]) => Promise.reject(new Error(`${script} ended: ${code}`)))
  failed.catch(() => {}) // heard by whoever waits for a message
  const message = async () => {
    const heard = new AbortController()
    try {
      const [value] = await Promise.race([once(child, 'message', { signal: heard.signal }), failed])
      return value
    } finally {
      heard.abort()
    }
  }
  const send = (value) => child.send(value)
  const ask = (question) => {
    const answer = message()
    send(question)
    return answer
  }
  const stop = async () => {
    child.kill('SIGTERM')
    await ended
  }
  return { message, stop, send, ask }
}

/** Runs such a program to its end. */
export async function runProgram(script, options, env = {}) {
  const program = startProgram(script, options, env)
  try {
    return await program.message()
  } finally {
    await program.stop()
  }
}

async function isReady(url) {
  return fetch(`${url}/api/health/ready`).then(
    (response) => response.ok,
    () => false,
  )
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}
