import type { LoggerService } from '@nestjs/common'
import { pino, type DestinationStream, type Logger, type LoggerOptions } from 'pino'
import { loggedError, messageOf } from './logged-error.js'
import { prettyFactory } from 'pino-pretty'

/** What must never reach a log. */
const REDACTED = [
  'req.headers.authorization',
  'req.headers.cookie',
  '*.password',
  '*.secret',
  '*.refreshToken',
  '*.accessToken',
]

/** More waits for a reader that has stopped reading, or a disk that is full: then lines are lost, and not memory. */
const WAITING_BYTES = 16 * 1024 * 1024

/**
 * JSON lines; readable ones for a person at a terminal.
 * @param stream where they go instead of the standard output
 */
export function createPino(level: string, stream?: DestinationStream): Logger {
  const options: LoggerOptions = {
    level,
    redact: { paths: REDACTED, censor: '[redacted]' },
    serializers: { err: (error: unknown) => loggedError(error) },
    hooks: {
      logMethod(args, log) {
        log.apply(this, told(args) as typeof args)
      },
    },
  }
  if (stream) return pino(options, stream)
  if (process.stdout.isTTY && process.env.NODE_ENV !== 'production') return pino(options, readable())
  // Not one write to the pipe for every line, while requests wait.
  const destination = pino.destination({ sync: false, maxLength: WAITING_BYTES })
  destination.on('error', (error) => process.stdout.emit('error', error)) // see watchLifetime
  return pino(options, destination)
}

/** Through stdout and in this thread: a terminal that is closed is then found out in one place. */
function readable(): DestinationStream {
  const pretty = prettyFactory({ ignore: 'pid,hostname', singleLine: true, colorize: true })
  return { write: (line) => void process.stdout.write(pretty(line)) }
}

/** pino would tell of an error in its own words when it is given none. */
function told(args: unknown[]): unknown[] {
  const [first, ...rest] = args
  const error = first instanceof Error ? first : (first as { err?: unknown } | undefined)?.err
  if (!(error instanceof Error) || rest.length > 0) return args
  const message = (first as { msg?: string }).msg ?? messageOf(error)
  return [first instanceof Error ? { err: first } : first, message]
}

type Level = 'info' | 'error' | 'warn' | 'debug' | 'trace' | 'fatal'

/** Nest tells of every module and route as it starts: a hundred lines that nobody asked for. */
const CHATTER = new Set(['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer'])

/** An error that ends the start is told by app.start, in a sentence, and that it has started as well. */
const TOLD_ELSEWHERE = new Set(['ExceptionHandler', 'NestApplication'])

/** Nest's log calls as structured pino lines. */
export class PinoLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log = (message: unknown, ...rest: unknown[]) => this.write('info', message, rest)
  error = (message: unknown, ...rest: unknown[]) => this.write('error', message, rest)
  warn = (message: unknown, ...rest: unknown[]) => this.write('warn', message, rest)
  debug = (message: unknown, ...rest: unknown[]) => this.write('debug', message, rest)
  verbose = (message: unknown, ...rest: unknown[]) => this.write('trace', message, rest)
  fatal = (message: unknown, ...rest: unknown[]) => this.write('fatal', message, rest)

  /** Nest passes the context last, and a stack before it on errors. */
  private write(asked: Level, message: unknown, rest: unknown[]): void {
    const context = rest.at(-1)
    const isTold = asked !== 'warn' && TOLD_ELSEWHERE.has(String(context))
    const isDetail = isTold || (asked === 'info' && CHATTER.has(String(context)))
    const level = isDetail ? 'debug' : asked
    const stack = rest.length > 1 ? rest[0] : undefined
    if (message instanceof Error) this.logger[level]({ context, err: message })
    else if (stack instanceof Error) this.logger[level]({ context, err: stack }, String(message))
    else if (typeof message === 'object') this.logger[level]({ context, ...message })
    else this.logger[level]({ context, stack }, String(message))
  }
}
