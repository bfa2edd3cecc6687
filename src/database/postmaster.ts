import { execFileSync, spawn } from 'node:child_process'
import { closeSync, fstatSync, linkSync, openSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { postgresEnv, type PostgresFiles } from './postgres-files.js'

/** What a live server says of itself in `postmaster.pid`. */
export interface Postmaster {
  pid: number
  dataDir: string
  port: number
  /** False while it starts, recovers or stops. */
  ready: boolean
}

export interface Launch {
  pid: number | undefined
  /** Undefined while the process lives; `passing` when another attempt may succeed. */
  failure(): { reason: string; passing: boolean } | undefined
}

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '', // their paths may not exceed 107 bytes
  max_connections: '200',
  shared_buffers: '256MB',
  max_wal_size: '2GB',
  timezone: 'UTC',
  log_timezone: 'UTC',
}
const LOG_LIMIT_BYTES = 10_000_000
/** Lost a race for the folder or the port, or the orphans of a killed server are still ending. */
const PASSING = /lock file|shared memory block|could not bind|could not create any TCP\/IP sockets/

/**
 * The server that runs on this data folder. A `postmaster.pid` that a killed server left behind does not count;
 * where its pid belongs to another process by now, the file is removed, because PostgreSQL would refuse to start.
 */
export function findPostmaster(home: string): Postmaster | undefined {
  const file = join(home, 'postmaster.pid')
  const text = readIfThere(file)
  if (text === undefined) return undefined
  const [pid = '', dataDir = '', , port, , , , status] = text.split('\n')
  if (isPostmaster(Number(pid), dataDir) && isSameFolder(dataDir, home)) {
    return { pid: Number(pid), dataDir, port: Number(port), ready: status?.trim() === 'ready' }
  }
  if (text === '' ? isOlderThan(file, 2_000) : isAlive(Number(pid))) removeStale(file, text)
  return undefined
}

/**
 * Spawns the server on a free port of 127.0.0.1, the one it had last if it can: others may still know it by that. It gets its own session, so that Ctrl-C reaches only the app, which
 * drains first; and its log is a file, so that it outlives the app.
 */
export async function launchPostmaster(files: PostgresFiles, extra: Record<string, string>): Promise<Launch> {
  const { home, bin, user, logFile } = files
  const settings = { ...SETTINGS, port: String(await usualPort(home)), ...extra }
  if ((statSync(logFile, { throwIfNoEntry: false })?.size ?? 0) > LOG_LIMIT_BYTES)
    renameSync(logFile, `${logFile}.1`)
  const log = openSync(logFile, 'a', 0o600)
  const logStart = fstatSync(log).size
  const child = spawn(
    join(bin, 'postgres'),
    ['-D', home, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    { ...user, cwd: '/', env: postgresEnv(), detached: true, windowsHide: true, stdio: ['ignore', log, log] },
  )
  closeSync(log)
  let ended: string | undefined
  child.once('error', ({ message }) => (ended = message))
  child.once('exit', (code, signal) => (ended = signal ?? `exit code ${code}`))
  child.unref()
  const failure = (how: string) => {
    const lines = readFileSync(logFile).subarray(logStart).toString().trim().split('\n').slice(-15).join('\n')
    const reason = `postgres ended (${how}). The end of ${logFile}:\n${lines}`
    return { reason, passing: how === 'exit code 0' || PASSING.test(lines) }
  }
  return { pid: child.pid, failure: () => (ended === undefined ? undefined : failure(ended)) }
}

/** Fast shutdown: sessions are cut, committed data are safe. After 10 s an immediate one (recovery at the next start). */
export async function shutDownPostmaster(
  { home, bin }: PostgresFiles,
  postmaster: Postmaster,
): Promise<void> {
  if (process.platform === 'win32') {
    execFileSync(join(bin, 'pg_ctl'), ['stop', '-D', home, '-m', 'fast', '-t', '10']) // signals would kill it
    return
  }
  for (const [signal, limitMs] of [
    ['SIGINT', 10_000],
    ['SIGQUIT', 5_000],
  ] as const) {
    if (!isPostmaster(postmaster.pid, postmaster.dataDir)) return
    sendSignal(postmaster.pid, signal)
    for (const deadline = Date.now() + limitMs; Date.now() < deadline; await sleep(20)) {
      if (hasEnded(postmaster)) return
    }
  }
  throw new Error(`PostgreSQL (pid ${postmaster.pid}) does not stop`)
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** By its command line: a pid alone may have been given to another process, or be a zombie nobody reaps. */
function isPostmaster(pid: number, dataDir: string): boolean {
  if (!isAlive(pid)) return false
  if (process.platform === 'win32') return true
  return `${commandLine(pid)} `.includes(`/postgres -D ${dataDir} `)
}

/**
 * A process that ends loses its command line first, then its memory, of which a server has much: until it is gone, or a
 * zombie, it is still there for others to find.
 */
function hasEnded({ pid, dataDir }: Postmaster): boolean {
  if (isPostmaster(pid, dataDir)) return false
  return commandLine(pid) !== '' || !isRunning(pid)
}

/** Alive, and not a zombie: one has ended, and whoever inherited it has not asked how. A busy init takes its time. */
export function isRunning(pid: number): boolean {
  if (!isAlive(pid)) return false
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return isAlive(pid) // no /proc on macOS, where launchd is quick; or gone meanwhile
  }
}

function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function commandLine(pid: number): string {
  try {
    return process.platform === 'linux'
      ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      : execFileSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).trim()
  } catch {
    return ''
  }
}

/**
 * A copied folder carries the pid file of the original's server, which is not ours to join; a folder that was moved
 * while its server ran is still that server's (the path it was started with is gone).
 */
function isSameFolder(startedWith: string, home: string): boolean {
  const [a, b] = [startedWith, home].map((path) => statSync(path, { throwIfNoEntry: false }))
  return !a || (a.ino === b?.ino && a.dev === b.dev)
}

/** Removes the file only if it still holds `text`: another process may have started its server meanwhile. */
function removeStale(file: string, text: string): void {
  const aside = `${file}.stale-${process.pid}`
  try {
    renameSync(file, aside)
    if (readFileSync(aside, 'utf8') !== text) linkSync(aside, file)
    rmSync(aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function isOlderThan(file: string, ms: number): boolean {
  return Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Infinity) > ms
}

async function usualPort(home: string): Promise<number> {
  const [, last] = /"port=(\d+)"/.exec(readIfThere(join(home, 'postmaster.opts')) ?? '') ?? []
  return freePort(Number(last ?? 0)).catch(() => freePort(0))
}

function freePort(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(wanted, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}
