import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { configSchema } from '../src/config/config.schema.js'
import { isRunning } from '../src/database/postmaster.js'

const MAIN = fileURLToPath(new URL('../src/main.js', import.meta.url))
const READY_WITHIN_MS = 60_000
/** Longer than the app gives itself. */
const STOP_WITHIN_MS = 35_000

/** The real app as a process of its own, in a folder that goes with it. */
export class AppProcess {
  url = ''
  startToReadyMs = 0
  /** Rejects when the process ends before it was told to. */
  readonly endedEarly: Promise<never>

  private readonly folder = mkdtempSync(join(tmpdir(), 'punctual-demo-'))
  private readonly output: string[] = []
  private child: ChildProcess | undefined
  private reportEnd: (error: Error) => void = () => {}
  private stopping = false
  private ready: Promise<void> = Promise.resolve()

  constructor() {
    chmodSync(this.folder, 0o711) // as root, PostgreSQL runs as another OS user, who must get in
    this.endedEarly = new Promise((_, reject) => (this.reportEnd = reject))
    this.endedEarly.catch(() => {})
  }

  /** Resolves when readiness says yes. */
  start(): Promise<void> {
    return (this.ready = this.launch())
  }

  /** What the app logged at the end, warnings and worse, for the reader of a failure. */
  lastWords(): string[] {
    return this.output.join('').split('\n').filter(Boolean).slice(-10)
  }

  /** Memory that the app's process holds; PostgreSQL's is not in it. */
  rssMb(): number {
    const pid = String(this.child!.pid)
    try {
      const [, kib] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!
      return Math.round(Number(kib) / 1024)
    } catch {
      return Math.round(Number(execFileSync('ps', ['-o', 'rss=', '-p', pid])) / 1024) // no /proc on macOS
    }
  }

  /** Stops the app as an operator would, and removes its folder. Returns what was not as it should be. */
  async stop(): Promise<string[]> {
    this.stopping = true
    // Interrupted before it was ready, the app would leave behind what it is just setting up.
    await Promise.race([this.ready, sleep(READY_WITHIN_MS)])
    const problems: string[] = []
    const postgres = this.postgresPid()
    if (this.isRunning) {
      const ended = once(this.child!, 'exit') as Promise<[number | null, string | null]>
      this.child!.kill('SIGTERM')
      const kill = setTimeout(() => this.child!.kill('SIGKILL'), STOP_WITHIN_MS)
      const [code, signal] = await ended
      clearTimeout(kill)
      if (code !== 0) problems.push(`The app did not stop well on SIGTERM (${code ?? signal})`)
    }
    if (postgres !== undefined && isRunning(postgres)) {
      problems.push(`The app left its PostgreSQL running (process ${postgres})`)
      process.kill(postgres, 'SIGINT') // its fast shutdown
      for (let tries = 0; tries < 100 && isRunning(postgres); tries++) await sleep(50)
    }
    this.removeFolder()
    return problems
  }

  private async launch(): Promise<void> {
    const port = await freePort()
    this.url = `http://127.0.0.1:${port}`
    const startedAt = performance.now()
    this.child = spawn(process.execPath, [MAIN], {
      cwd: this.folder, // no .env of yours counts here
      env: { ...foreignEnvironment(), ...this.settings(port) },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // Ctrl-C is for the demo, which then stops the app in good order
    })
    for (const stream of [this.child.stdout!, this.child.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => this.output.push(text))
    this.child.once('exit', (code, signal) => {
      if (!this.stopping) this.reportEnd(new Error(`The app ended by itself (${code ?? signal})`))
    })
    while (this.isRunning && !(await isReady(this.url))) await sleep(20)
    this.startToReadyMs = Math.round(performance.now() - startedAt)
    this.output.length = 0
  }

  private get isRunning(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null
  }

  private settings(port: number): Record<string, string> {
    return {
      NODE_ENV: 'development',
      PORT: String(port),
      DATA_DIR: this.folder,
      WEBHOOK_ALLOW_PRIVATE_CIDRS: '127.0.0.0/8',
      LOG_LEVEL: 'warn',
    }
  }

  private postgresPid(): number | undefined {
    try {
      return Number(readFileSync(join(this.folder, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0])
    } catch {
      return undefined // it never came so far
    }
  }

  private removeFolder(): void {
    try {
      // Usually the folder's own; a symlink's target where root had to put the data elsewhere.
      rmSync(realpathSync(join(this.folder, 'postgres')), { recursive: true, force: true })
    } catch {
      // it never came so far
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Whatever this shell sets, but none of the app's settings: DATABASE_URL may name a database that matters. */
function foreignEnvironment(): NodeJS.ProcessEnv {
  const ours = new Set(Object.keys(configSchema.shape))
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.has(name)))
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function isReady(url: string): Promise<boolean> {
  return fetch(`${url}/api/health/ready`).then(
    (response) => response.ok,
    () => false,
  )
}
