import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const MAIN = join(import.meta.dirname, '../../dist/src/main.js')
const START_LIMIT_MS = 60_000
/** Processes that share a database share their secrets. */
const SECRETS = { JWT_SECRET: 'chaos '.repeat(8), ENCRYPTION_KEY: 'disorder '.repeat(8) }

/** The built app as a process of its own, on a free port. */
export class AppProcess {
  baseUrl = ''
  private output = ''

  private constructor(private readonly child: ChildProcess) {
    for (const stream of [child.stdout!, child.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => (this.output += text))
  }

  /** @param main another build's entry */
  static async start(
    databaseUrl: string,
    environment: Record<string, string> = {},
    main = MAIN,
  ): Promise<AppProcess> {
    if (!existsSync(main)) throw new Error('There is no dist: run npm run build first')
    const app = new AppProcess(
      spawn(process.execPath, [main], {
        env: {
          PATH: process.env.PATH,
          NODE_ENV: 'test',
          LOG_LEVEL: 'warn',
          PORT: '0',
          DATABASE_URL: databaseUrl,
          WEBHOOK_ALLOW_PRIVATE_CIDRS: '127.0.0.0/8',
          ...SECRETS,
          ...environment,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    )
    await app.listening()
    return app
  }

  /** Its warnings and errors so far. */
  get log(): string {
    return this.output
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  /** As a power cut would: no handler runs. */
  async kill(): Promise<void> {
    await this.end('SIGKILL')
  }

  /** As an operator would. Resolves to the exit code, null when it had to be killed. */
  stop(): Promise<number | null> {
    return this.end('SIGTERM')
  }

  /** As a machine that is frozen or swaps would: connections stay open, time goes on. */
  freeze(): void {
    this.child.kill('SIGSTOP')
  }

  thaw(): void {
    this.child.kill('SIGCONT')
  }

  private async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.isRunning) {
      const exit = once(this.child, 'exit')
      this.child.kill(signal)
      await exit
    }
    return this.child.exitCode
  }

  private async listening(): Promise<void> {
    for (const end = performance.now() + START_LIMIT_MS; this.baseUrl === ''; await sleep(20)) {
      if (!this.isRunning || performance.now() > end) {
        await this.kill()
        throw new Error(`The app did not start:\n${this.output}`)
      }
      this.baseUrl = /listens on (http:\S+)/.exec(this.output)?.[1] ?? ''
    }
  }
}

/** Environment of a process whose own clock goes so many milliseconds before the world's; its timers run as ever. */
export function withClockOff(ms: number): Record<string, string> {
  const preload = `const World = Date
    globalThis.Date = class Date extends World {
      constructor(...given) { super(...(given.length > 0 ? given : [World.now() + ${ms}])) }
      static now() { return World.now() + ${ms} }
    }`
  return { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(preload)}` }
}
