import { spawn } from 'node:child_process'
import {
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { postgresEnv, type PostgresFiles } from './postgres-files.js'
import type { OsUser } from './postgres-os-user.js'

const ABANDONED_AFTER_MS = 10 * 60_000

/**
 * Runs initdb unless `home` holds a finished cluster. It works in a sibling folder that takes its name only when it
 * is complete, so a kill at any moment leaves nothing unusable, and the first of several processes wins.
 * A folder in which somebody else's initdb was interrupted is set aside, never deleted.
 */
export async function createClusterOnce(files: PostgresFiles, log: (line: string) => void): Promise<void> {
  const { home, bin, user, password } = files
  mkdirSync(dirname(home), { recursive: true })
  removeAbandoned(home)
  if (isFinished(home)) return
  setAsideUnfinished(home, log)
  const part = mkdtempSync(`${home}.init-`)
  try {
    const passwordFile = join(part, 'password') // initdb's user may not be able to reach the other one
    writeFileSync(passwordFile, password, { mode: 0o600 })
    if (user.uid !== undefined) for (const path of [part, passwordFile]) chownSync(path, user.uid, user.gid)
    const data = join(part, 'data')
    await run(join(bin, 'initdb'), initdbArguments(data, passwordFile), user)
    renameSync(data, home)
  } catch (error) {
    if (!isFinished(home)) throw error // else another process was faster
  } finally {
    rmSync(part, { recursive: true, force: true })
  }
}

/** template0 (OID 4) is among the last things that initdb makes. */
function isFinished(home: string): boolean {
  return ['global/pg_control', 'base/4'].every((path) =>
    statSync(join(home, path), { throwIfNoEntry: false }),
  )
}

function setAsideUnfinished(home: string, log: (line: string) => void): void {
  if (!statSync(home, { throwIfNoEntry: false }) || readdirSync(home).length === 0) return
  const aside = `${home}.unfinished-${Date.now()}`
  renameSync(home, aside)
  log(`${home} held no complete PostgreSQL cluster (an interrupted initdb?); it is now ${aside}`)
}

/** Left by a process that was killed during initdb. Young ones may be another starter's. */
function removeAbandoned(home: string): void {
  for (const name of readdirSync(dirname(home))) {
    const path = join(dirname(home), name)
    if (!name.startsWith(`${basename(home)}.init-`)) continue
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Infinity)
    if (age > ABANDONED_AFTER_MS) rmSync(path, { recursive: true, force: true })
  }
}

/** The built-in C.UTF-8 sorts alike on every OS, so that an OS upgrade cannot corrupt indexes. */
function initdbArguments(data: string, passwordFile: string): string[] {
  return [
    `--pgdata=${data}`,
    '--username=postgres',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
  ]
}

function run(command: string, args: string[], user: OsUser): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...user, cwd: '/', env: postgresEnv(), windowsHide: true })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)))
    child.once('error', (error: NodeJS.ErrnoException) => {
      const hint = error.code === 'ENOENT' ? ': these binaries need glibc, which Alpine Linux lacks' : ''
      reject(new Error(error.message + hint, { cause: error }))
    })
    child.once('close', (code, signal) => {
      if (code === 0) return resolve()
      const lines = output.trim().split('\n').slice(-15).join('\n')
      const hint = output.includes('shared libraries')
        ? '\nRun `npm rebuild`: install scripts were skipped.'
        : ''
      reject(new Error(`initdb failed (${signal ?? `exit code ${code}`}):\n${lines}${hint}`))
    })
  })
}
