import { execFileSync, spawnSync } from 'node:child_process'

/** Spread into spawn's options. Empty: the user we are. */
export type OsUser = { uid: number; gid: number } | { uid?: undefined; gid?: undefined }

/** Where root keeps what a checkout in a closed folder (/root) cannot offer to another OS user. */
export const SYSTEM_FOLDER = '/var/lib/punctual'

/** PostgreSQL refuses to run as root. `_postgres` is macOS's; a missing user is created; `nobody` is the last resort. */
export function serviceUser(): OsUser {
  const known = idsOf('postgres') ?? idsOf('_postgres') ?? idsOf('punctual')
  if (known) return known
  try {
    const args = ['--system', '--no-create-home', '--home-dir', '/nonexistent', '--shell', '/bin/false']
    execFileSync('useradd', [...args, 'punctual'], { stdio: 'ignore' })
  } catch {
    // no useradd, a read-only /etc, or another process was faster
  }
  const user = idsOf('punctual') ?? idsOf('nobody')
  if (!user)
    throw new Error(
      'PostgreSQL cannot run as root, and there is no other OS user: create one named postgres.',
    )
  return user
}

/** Asks the kernel, as that user: mode bits alone do not know ACLs and mounts. */
export function canEnter(user: OsUser, folder: string): boolean {
  return canAs(user, 'test -x "$1"', folder)
}

export function canAs(user: OsUser, script: string, argument: string): boolean {
  const { status, error } = spawnSync('/bin/sh', ['-c', script, 'sh', argument], { ...user, cwd: '/' })
  if (error) throw new Error(`cannot run anything as OS user ${user.uid}: ${error.message}`, { cause: error })
  return status === 0
}

function idsOf(name: string): OsUser | undefined {
  try {
    const id = (flag: string) =>
      Number(execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'] }))
    return { uid: id('-u'), gid: id('-g') }
  } catch {
    return undefined
  }
}
