import { createHash, randomBytes } from 'node:crypto'
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { makeDataFolder } from '../config/data-folder.js'
import { binariesFor, packagedBinaries } from './postgres-binaries.js'
import { canEnter, serviceUser, SYSTEM_FOLDER, type OsUser } from './postgres-os-user.js'

export interface PostgresFiles {
  /** PGDATA. Not always the folder that was asked for, see `preparePostgresFiles`. */
  home: string
  /** The folder of `postgres` and `initdb`. */
  bin: string
  /** Whom the server runs as; empty for ourselves. */
  user: OsUser
  password: string
  passwordFile: string
  logFile: string
}

/**
 * Finds or makes everything but the data.
 *
 * An ordinary user's data lie in `dataDir` and the server runs as that user. Root's server runs as the data's owner,
 * or `postgres`, or a system user; where that user cannot reach `dataDir` (a checkout in /root), `dataDir` becomes a
 * symlink into /var/lib/punctual. The symlink is the only thing that leads there: delete it (or `.data`) and the next
 * start begins with an empty database in a new folder, while the old one stays until a person deletes it.
 */
export function preparePostgresFiles(dataDir: string, log: (line: string) => void): PostgresFiles {
  const packaged = packagedBinaries()
  makeDataFolder(dirname(dataDir))
  const passwordFile = `${dataDir}.password`
  const password = readOrMakePassword(passwordFile)
  const { home, user } = process.getuid?.() === 0 ? placeForRoot(dataDir, log) : placeForUser(dataDir)
  const bin = binariesFor(user, packaged)
  return { home, bin, user, password, passwordFile, logFile: `${dataDir}.log` }
}

/** Without the app's secrets and any PG* variable; LC_ALL keeps macOS from starting threads in the postmaster. */
export function postgresEnv(): NodeJS.ProcessEnv {
  return { ...(process.platform === 'win32' ? process.env : { PATH: process.env.PATH }), LC_ALL: 'C' }
}

function placeForUser(dataDir: string): { home: string; user: OsUser } {
  const home = linkTarget(dataDir) ?? dataDir
  const owner = statSync(home, { throwIfNoEntry: false })?.uid
  if (owner !== undefined && process.getuid && owner !== process.getuid()) {
    throw new Error(`${home} belongs to another OS user (uid ${owner}). Start as that user or as root.`)
  }
  return { home, user: {} }
}

function placeForRoot(dataDir: string, log: (line: string) => void): { home: string; user: OsUser } {
  const linked = linkTarget(dataDir)
  const home = linked ?? dataDir
  const owner = statSync(home, { throwIfNoEntry: false })
  if (owner && owner.uid !== 0) {
    const user = { uid: owner.uid, gid: owner.gid }
    if (canEnter(user, home)) return { home, user }
    throw new Error(
      `its owner (uid ${owner.uid}) cannot reach ${home}. Let others pass the folders above it.`,
    )
  }
  const user = serviceUser()
  if (linked || canEnter(user, dirname(home))) return { home, user }
  return { home: moveToSystemFolder(dataDir, log), user }
}

function linkTarget(path: string): string | undefined {
  try {
    return resolve(dirname(path), readlinkSync(path))
  } catch (error) {
    if (['ENOENT', 'EINVAL', 'UNKNOWN'].includes((error as NodeJS.ErrnoException).code ?? ''))
      return undefined
    throw error
  }
}

/** `symlink` decides between processes that come here at the same moment: all of them use what it points to. */
function moveToSystemFolder(dataDir: string, log: (line: string) => void): string {
  const family = createHash('sha256').update(dataDir).digest('hex').slice(0, 12)
  const name = `${family}-${Date.now().toString(36)}`
  const home = join(SYSTEM_FOLDER, name)
  mkdirSync(SYSTEM_FOLDER, { recursive: true })
  chmodSync(SYSTEM_FOLDER, 0o755)
  try {
    if (statSync(dataDir, { throwIfNoEntry: false })) rmdirSync(dataDir) // an empty one may go
    symlinkSync(home, dataDir)
  } catch (error) {
    const other = linkTarget(dataDir)
    if (other) return other
    throw error
  }
  log(`${dirname(dataDir)} is closed to the OS user that PostgreSQL runs as; the data are in ${home}`)
  for (const old of readdirSync(SYSTEM_FOLDER)) {
    if (!old.startsWith(`${family}-`) || old === name || old.includes('.')) continue
    rmSync(join(SYSTEM_FOLDER, old, 'postmaster.pid'), { force: true }) // its server, if any, stops within a minute
    log(
      `The data of an earlier ${dataDir} are still in ${join(SYSTEM_FOLDER, old)}; delete them when unneeded`,
    )
  }
  return home
}

/** `link` publishes the complete file or fails, so processes that start together agree on one password. */
function readOrMakePassword(file: string): string {
  if (!statSync(file, { throwIfNoEntry: false })) {
    const draft = `${file}.${process.pid}-${randomBytes(4).toString('hex')}`
    writeFileSync(draft, randomBytes(24).toString('base64url'), { mode: 0o600 })
    try {
      linkSync(draft, file)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    } finally {
      rmSync(draft)
    }
  }
  return readFileSync(file, 'utf8').trim()
}
