import { readFileSync } from 'node:fs'
import type { Logger } from 'pino'

const LOOK_FOR_PARENT_MS = 1_000
/** What writing to a terminal that was closed answers. */
const NO_TERMINAL = new Set(['EIO', 'ENXIO'])

/**
 * What ends this process. `stop` is called once, with a sentence and the exit code:
 *
 * - 0 on SIGINT, SIGTERM and SIGHUP, when the terminal is gone, or npm, where npm started us. Ctrl-C reaches the whole
 *   process group, and npm passes it on: what comes after the first changes nothing.
 * - 1 after an exception that nobody caught: what it left half done nobody knows.
 *
 * A promise that is rejected unheard is logged as a fault, and we go on: its work was undone with its transaction, and
 * ending everybody's requests for it would give whoever finds the way to it a switch. See docs/adr/0020.
 */
export function watchLifetime(logger: Logger, stop: (why: string, exitCode: number) => void): void {
  let isStopping = false
  const end = (why: string, exitCode = 0) => {
    if (isStopping) return
    isStopping = true
    stop(why, exitCode)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => end(`Stopping on ${signal}`))
  // Nobody hears of what cannot be written; but a write that fails must not end the process.
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', ({ code = '' }: NodeJS.ErrnoException) => {
      if (NO_TERMINAL.has(code)) end('Stopping: the terminal is gone')
    })
  process.on('unhandledRejection', (reason) => logger.fatal({ err: reason }, 'A rejection was not handled'))
  process.on('uncaughtException', (error) => {
    logger.fatal(error)
    end('Stopping after an exception that was not caught', 1)
  })
  if (process.env.npm_lifecycle_event) whenOrphaned(() => end('Stopping: npm is gone'))
}

/**
 * npm's shell dies of a signal that was meant for us, and does not pass it on; npm dies of SIGHUP and SIGKILL and leaves its
 * shell. STARTED_BY: the pids of both, by start.mjs. Without /proc only the shell is watched.
 */
function whenOrphaned(tell: () => void): void {
  const startedBy = process.env.STARTED_BY ?? `${process.ppid} ${parentOf(process.ppid)}`
  const [parent, grandparent] = startedBy.split(' ').map(Number)
  const isBelowShell = isShell(parent!)
  const look = setInterval(() => {
    const isSame = process.ppid === parent && (!isBelowShell || parentOf(parent) === grandparent)
    if (isSame) return
    clearInterval(look)
    tell()
  }, LOOK_FOR_PARENT_MS)
  look.unref()
}

/** Some shells become the command that they are given: then our parent is npm, and whoever started that may go. */
const isShell = (pid: number) => ofProcess(pid, 'cmdline').includes('\0-c\0')

const parentOf = (pid: number) => Number(/.*\) \S (\d+)/s.exec(ofProcess(pid, 'stat'))?.[1] ?? 0)

function ofProcess(pid: number, file: 'cmdline' | 'stat'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return '' // it is gone, or there is no /proc
  }
}
