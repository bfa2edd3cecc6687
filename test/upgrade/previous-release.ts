import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '../..')

export interface Release {
  version: string
  /** 40 hexadecimal digits. */
  commit: string
  /** The name of its newest migration's class. */
  lastMigration: string
}

/** The newest version in CHANGELOG.md that names its commit: the one that is upgraded from. */
export function previousRelease(): Release {
  const text = readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8')
  const found = /^## (\S+) \([\d-]+\)\n\nCommit ([0-9a-f]{40}), last migration (\w+)\./m.exec(text)
  if (!found) throw new Error('CHANGELOG.md names no version with its commit and last migration')
  const [, version, commit, lastMigration] = found as unknown as string[]
  return { version: version!, commit: commit!, lastMigration: lastMigration! }
}

/**
 * Builds that release from this repository's own history, once a commit: the next run finds it in the temporary folder.
 * @returns its folder
 * @throws Error when this clone does not have the commit and cannot fetch it
 */
export function builtRelease({ version, commit }: Release): string {
  const folder = join(tmpdir(), `punctual-release-${commit}`)
  if (existsSync(folder)) return folder
  haveCommit(version, commit)
  const making = `${folder}.${process.pid}`
  mkdirSync(making)
  try {
    console.log(`Building ${version} (${commit.slice(0, 7)}) in ${folder}: a minute or two, the first time`)
    const tree = execFileSync('git', ['archive', commit], { cwd: ROOT, maxBuffer: 2 ** 30 })
    execFileSync('tar', ['-x', '-C', making], { input: tree })
    for (const step of [
      ['ci', '--no-audit', '--no-fund'],
      ['run', 'build'],
    ])
      execFileSync('npm', step, { cwd: making, stdio: ['ignore', 'ignore', 'inherit'] })
    renameSync(making, folder)
    return folder
  } catch (error) {
    rmSync(making, { recursive: true, force: true })
    throw error
  }
}

function haveCommit(version: string, commit: string): void {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: ROOT, stdio: 'ignore' })
  try {
    git('cat-file', '-e', `${commit}^{commit}`)
  } catch {
    try {
      git('fetch', '--depth', '1', 'origin', commit)
    } catch (cause) {
      const sentence = `This clone lacks the commit of ${version} (${commit}): git fetch --unshallow, then try again`
      throw new Error(sentence, { cause })
    }
  }
}
