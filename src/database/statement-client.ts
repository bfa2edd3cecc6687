import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import { LRUCache } from 'lru-cache'
import { Client, type ConnectionConfig } from 'pg'
import { BEGIN_WITH_SETTINGS } from './session-settings.js'

type Query = (...args: unknown[]) => Promise<unknown>

const BEGIN = 'START TRANSACTION'
const names = new LRUCache<string, string>({ max: 1_000 })

/**
 * A connection that spares round trips. Taking an email in is a handful of small statements; parsing them and
 * writing to the socket once for each is most of what they cost.
 *
 * - Statements with parameters are parsed once and then called by name, a digest of their text.
 * - Statements asked together leave in one write (pg's pipeline mode).
 * - A transaction begins with its first statement. One that never has a statement never begins.
 *
 * Behind a pooler in transaction mode (`isPooled`) statements have no names, since the next transaction may run in another
 * session, and each transaction brings the settings that the connection would otherwise have.
 */
export class StatementClient extends Client {
  private beginWaits = false
  private generation = 0
  private readonly isPooled: boolean

  constructor(config: ConnectionConfig & { isPooled?: boolean }) {
    super({ ...config, pipeline: true } as ConnectionConfig)
    this.isPooled = config.isPooled ?? false
    // A connection may be lost while nobody listens: TypeORM and the pool stop when they hand it on, and an 'error' that
    // nobody hears ends the process. Whoever asks over it is told by the rejection of what was asked.
    this.on('error', () => {})
  }

  // pg's overloads are many; only text is looked at, everything else goes on as it is.
  override query(text: unknown, values?: unknown, ...rest: unknown[]): never {
    if (typeof text !== 'string') return this.send(text, values, ...rest) as never
    if (text === BEGIN) {
      this.beginWaits = true
      return Promise.resolve({ command: 'START', rows: [], rowCount: null }) as never
    }
    if (!this.beginWaits)
      return (
        text === 'COMMIT' ? this.send(text).then(refuseRollback) : this.sendNamed(text, values, rest)
      ) as never
    this.beginWaits = false
    if (text === 'COMMIT' || text === 'ROLLBACK')
      return Promise.resolve({ command: text, rows: [], rowCount: null }) as never
    // A beginning that fails has lost its connection, and the statement fails with it.
    this.send(this.isPooled ? BEGIN_WITH_SETTINGS : BEGIN).catch(() => {})
    return this.sendNamed(text, values, rest) as never
  }

  private sendNamed(text: string, values: unknown, rest: unknown[]): Promise<unknown> {
    if (this.isPooled || !Array.isArray(values) || values.length === 0)
      return this.send(text, values, ...rest)
    const { generation } = this
    const sent = this.send({ name: `${nameOf(text)}.${generation}`, text, values }, ...rest)
    // pg would call a statement that is gone, or whose table has changed, by the same name for ever.
    return sent.catch((error: { code?: string }) => {
      if (/^(26000|0A000)$/.test(error.code ?? '') && this.generation === generation) this.generation++
      throw error
    })
  }

  private send(...args: unknown[]): Promise<unknown> {
    this.holdWrites()
    return (super.query as Query).apply(this, args)
  }

  /** What is asked before the process turns to something else leaves in one write. */
  private holdWrites(): void {
    const { stream } = (this as unknown as { connection: { stream: Socket } }).connection
    if (stream.writableCorked > 0) return
    stream.cork()
    process.nextTick(() => stream.uncork())
  }
}

function nameOf(text: string): string {
  const known = names.get(text)
  if (known) return known
  const name = createHash('sha1').update(text).digest('base64url')
  names.set(text, name)
  return name
}

/** PostgreSQL answers the COMMIT of a failed transaction with ROLLBACK, and not with an error. */
function refuseRollback(result: unknown): unknown {
  if ((result as { command?: string }).command === 'COMMIT') return result
  throw new Error('The transaction had failed and was rolled back')
}
