import { basename, dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import type { PostgresFiles } from './postgres-files.js'
import { findPostmaster, launchPostmaster, type Postmaster } from './postmaster.js'

/** @types/pg lacks these two. */
export type Session = Client & { ref(): void; unref(): void }

/** Long enough for crash recovery of a few GB of WAL. */
const START_LIMIT_MS = 120_000
const LAUNCH_ATTEMPTS = 20
/** Each process holds this advisory lock (shared, in database `postgres`) for as long as it uses the server. */
export const IN_USE_LOCK = 7_086_721

/**
 * A session on the server of these files, which is started if it does not run. Who loses a race with other processes
 * joins the winner.
 *
 * @throws Error that says why the server does not start
 */
export async function joinOrLaunch(
  files: PostgresFiles,
  settings: Record<string, string>,
  log: (line: string) => void,
) {
  let launch: Awaited<ReturnType<typeof launchPostmaster>> | undefined
  let failures = 0
  for (const deadline = Date.now() + START_LIMIT_MS; Date.now() < deadline; await sleep(15)) {
    const postmaster = findPostmaster(files.home)
    if (postmaster?.ready) {
      const client = await join(postmaster, files)
      if (client) {
        const how = launch?.pid === postmaster.pid ? 'started' : 'joined'
        log(`PostgreSQL ${how} (pid ${postmaster.pid}, 127.0.0.1:${postmaster.port}, data in ${files.home})`)
        return { client, port: postmaster.port }
      }
    }
    if (postmaster) continue // it is starting or stopping
    const failure = launch?.failure()
    if (launch && !failure) continue
    if (failure) {
      if (!failure.passing || ++failures === LAUNCH_ATTEMPTS) throw new Error(failure.reason)
      await sleep(150)
    }
    launch = await launchPostmaster(files, settings)
  }
  throw new Error(`it is not ready after ${START_LIMIT_MS / 1000} s; see ${files.logFile}.`)
}

/** A session on that server which holds the in-use lock; undefined when the server is going away or not there yet. */
export async function join(postmaster: Postmaster, files: PostgresFiles): Promise<Session | undefined> {
  const client = new Client({
    host: '127.0.0.1',
    port: postmaster.port,
    user: 'postgres',
    password: files.password,
    database: 'postgres',
    application_name: 'punctual (keeps the server running)',
    connectionTimeoutMillis: 5_000,
  }) as Session
  client.on('error', () => {}) // the server may go away under us; stop() finds out
  try {
    await client.connect()
    const { rows } = await client.query<{ data_directory: string }>('show data_directory')
    if (rows[0]?.data_directory !== postmaster.dataDir) throw new Error('another server answers at this port')
    await client.query('select pg_advisory_lock_shared($1)', [IN_USE_LOCK])
    return client
  } catch (error) {
    await client.end().catch(() => {})
    if (hasCode(error, '28P01')) throw new Error(wrongPassword(files), { cause: error })
    if (hasCode(error, '3D000')) throw error
    return undefined
  }
}

function wrongPassword({ home, passwordFile }: PostgresFiles): string {
  return (
    `the password in ${passwordFile} does not fit the data in ${home}. Restore that file, ` +
    `or delete ${dirname(passwordFile)}/${basename(passwordFile, '.password')} to start with an empty database.`
  )
}

export const hasCode = (error: unknown, code: string) => (error as { code?: string }).code === code
