/** Of an error what says where and why, and nothing that a statement, a mail or a customer was given. */
export interface LoggedError {
  type: string
  message: string
  stack?: string
  /** Of PostgreSQL, Node or a Problem. */
  code?: unknown
  constraint?: unknown
  table?: unknown
  syscall?: unknown
  cause?: LoggedError
  errors?: LoggedError[]
}

const MOST_NESTED = 5
/** PostgreSQL's data exceptions: what it says of them quotes the value. */
const DATA_EXCEPTION = /^22[0-9A-Z]{3}$/

/**
 * As pino shall write it. By what may be written and not by what may not: a QueryFailedError has the statement's parameters
 * among its properties, PostgreSQL's errors a `detail` that quotes the row, those of mail servers the recipients.
 */
export function loggedError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return error
  const { code, constraint, table, syscall, cause, errors } = error as Error & Record<string, unknown>
  const inner = (one: unknown) =>
    one instanceof Error && depth < MOST_NESTED ? (loggedError(one, depth + 1) as LoggedError) : undefined
  return withoutGaps({
    type: error.constructor.name,
    message: messageOf(error),
    stack: framesOf(error),
    ...{ code, constraint, table, syscall, cause: inner(cause) },
    errors: Array.isArray(errors) ? errors.slice(0, MOST_NESTED).map(inner).filter(Boolean) : undefined,
  })
}

/** The message, unless it quotes data: PostgreSQL's of a value, and that of JSON.parse of the text. */
export function messageOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException
  if (DATA_EXCEPTION.test(code ?? '')) return 'The database refuses a value'
  return error instanceof SyntaxError ? 'Text that is no JSON' : error.message
}

/** The stack without the message that it begins with. */
function framesOf({ stack = '' }: Error): string {
  return stack
    .split('\n')
    .filter((line) => /^ +at /.test(line))
    .join('\n')
}

const withoutGaps = (properties: object) =>
  Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined))
