import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { startupOptions } from './session-settings.js'
import { isUnavailable } from './unavailable.js'

/** What is behind a URL. */
export interface FoundPostgres {
  /** `host:port/database`, or the folder of a socket for the host: nothing of the user's. */
  place: string
  version: string
  /** A pooler in transaction mode stands between: a session is ours for one transaction, and takes no settings. */
  isPooled: boolean
}

const CONNECT_WITHIN_MS = 10_000
const AGAIN_MS = 500
/** A name of our own: what PostgreSQL answers for it shows that settings reach the session. */
const MARK = 'punctual.connected'

/**
 * Waits for a PostgreSQL that is not there yet, or still starts.
 *
 * @param name of the setting that holds the URL
 * @param say hears once that it waits, and for what
 * @throws Error with a sentence for the operator: the time is up, or it is there and refuses us
 */
export async function findPostgres(
  name: string,
  url: string,
  waitMs: number,
  say: (line: string) => void,
): Promise<FoundPostgres> {
  const end = performance.now() + waitMs
  for (let isWaiting = false; ; await sleep(AGAIN_MS)) {
    if (process.exitCode !== undefined) throw new Error('Stopped before PostgreSQL answered')
    try {
      return await look(url)
    } catch (error) {
      if (!isUnavailable(error)) throw refused(name, url, error as Error)
      const reason = reasonOf(error)
      if (performance.now() >= end)
        throw new Error(`${name}: no PostgreSQL answers at ${placeOf(url)} (${reason})`, { cause: error })
      if (!isWaiting) say(`Waiting up to ${waitMs / 1_000} s for PostgreSQL at ${placeOf(url)} (${reason})`)
      isWaiting = true
    }
  }
}

async function look(url: string): Promise<FoundPostgres> {
  const found = await ask(url, startupOptions({ [MARK]: 'yes' })).catch((error: Error) => {
    // PgBouncer: "unsupported startup parameter: options". One that was told to ignore it connects, and has no mark.
    if (!error.message.includes('startup parameter')) throw error
    return ask(url)
  })
  return { place: placeOf(url), version: found.version, isPooled: found.mark !== 'yes' }
}

async function ask(url: string, options?: string): Promise<{ version: string; mark: string | null }> {
  const client = new Client({ connectionString: url, options, connectionTimeoutMillis: CONNECT_WITHIN_MS })
  client.on('error', () => {}) // what is asked tells
  try {
    await client.connect()
    const sql = `select current_setting('server_version') as version, current_setting('${MARK}', true) as mark`
    return (await client.query<{ version: string; mark: string | null }>(sql)).rows[0]!
  } finally {
    await client.end().catch(() => {})
  }
}

function placeOf(url: string): string {
  const { host, port, database } = new Client({ connectionString: url })
  return `${host}:${port}/${database ?? ''}`
}

function refused(name: string, url: string, error: Error): Error {
  const { user, database } = new Client({ connectionString: url })
  const sentences: Record<string, string> = {
    '28P01': `the password of user "${user}" is wrong`,
    '3D000': `there is no database "${database}"; create it first`,
  }
  const sentence = sentences[(error as { code?: string }).code ?? ''] ?? reasonOf(error)
  return new Error(`${name}: PostgreSQL at ${placeOf(url)} refuses: ${sentence}`, { cause: error })
}

/** Node tries several addresses of a name, and says what became of each apart. */
function reasonOf(error: unknown): string {
  const { message, errors = [] } = error as AggregateError
  return message || errors.map((one: Error) => one.message).join(', ')
}
