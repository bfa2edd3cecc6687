import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findPostmaster, isRunning } from '../../src/database/postmaster.js'
import { eventually } from '../support/eventually.js'

const START_LIMIT_MS = 120_000

/** A folder for one embedded PostgreSQL, over several starts. */
export class Home {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'punctual-npm-start-'))

  constructor() {
    chmodSync(this.dataDir, 0o711) // as root, the server's own user must get through
  }

  get postmaster(): number | undefined {
    return findPostmaster(realpathSync(join(this.dataDir, 'postgres')))?.pid
  }

  remove(): void {
    rmSync(this.dataDir, { recursive: true, force: true })
  }
}

/** `npm start` in a process group of its own, as a shell with job control would start it. */
export class NpmStart {
  baseUrl = ''
  output = ''
  /** The application's process, not npm's. */
  pid = 0

  private constructor(readonly npm: ChildProcess) {
    npm.stdout!.setEncoding('utf8').on('data', (text: string) => (this.output += text))
    npm.stderr!.setEncoding('utf8').on('data', (text: string) => (this.output += text))
  }

  static async begin(
    home: Home,
    command = ['npm', 'start'],
    environment: Record<string, string> = {},
  ): Promise<NpmStart> {
    const { PATH, HOME } = process.env
    const started = new NpmStart(
      spawn(command[0]!, command.slice(1), {
        detached: true,
        env: { PATH, HOME, DATA_DIR: home.dataDir, PORT: '0', ...environment },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    )
    await eventually(() => started.listening(), START_LIMIT_MS)
    return started
  }

  get isRunning(): boolean {
    return isRunning(this.pid)
  }

  signalGroup(signal: NodeJS.Signals): void {
    process.kill(-this.npm.pid!, signal)
  }

  /** Resolves once neither npm nor the application nor the database runs. */
  async allGone(home: Home): Promise<void> {
    if (this.npm.exitCode === null && this.npm.signalCode === null) await once(this.npm, 'exit')
    await eventually(() => {
      if (this.isRunning) throw new Error(`The application goes on (pid ${this.pid}):\n${this.output}`)
      if (home.postmaster) throw new Error(`PostgreSQL goes on (pid ${home.postmaster})`)
    }, 35_000)
  }

  /** Ends a failed case. */
  kill(): void {
    if (this.pid && this.isRunning) process.kill(this.pid, 'SIGTERM')
  }

  private listening(): void {
    const url = /listens on (http:\S+)/.exec(this.output)?.[1]
    if (!url) throw new Error(`The app did not start:\n${this.output}`)
    this.baseUrl = url
    this.pid = applicationBelow(this.npm.pid!)!
  }
}

/** User and system time of a process, in hundredths of a second. */
export function cpuTicks(pid: number): number {
  const [, fields] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')
  const [user, system] = fields!.split(' ').slice(11, 13)
  return Number(user) + Number(system)
}

function applicationBelow(pid: number): number | undefined {
  if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('\0dist/src/main.js')) return pid
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)
  return children.map((child) => applicationBelow(Number(child))).find((found) => found)
}
