import { basename, dirname, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { createClusterOnce } from './postgres-cluster.js'
import { preparePostgresFiles, type PostgresFiles } from './postgres-files.js'
import { findPostmaster, launchPostmaster, shutDownPostmaster, type Postmaster } from './postmaster.js'

export interface EmbeddedPostgres {
  /** `postgres://…@127.0.0.1:<port>/<database>`: a superuser's; the port differs from start to start. */
  url: string
  /**
   * Leaves the server, and stops it when nobody else uses it. Close your own pool first: an open session,
   * anybody's, keeps the server running. Never throws for a server that is gone already.
   */
  stop(): Promise<void>
}

export interface EmbeddedPostgresOptions {
  /** PGDATA, e.g. `<checkout>/.data/postgres`; its `.password` (0600) and `.log` lie next to it. */
  dataDir: string
  /** Created when missing; default `punctual`. */
  database?: string
  /** Hears one line for each thing an operator may want to know. PostgreSQL's own log goes to `<dataDir>.log`. */
  log?: (line: string) => void
  /** More `-c` settings; they win over ours. A server that already runs keeps those it was started with. */
  settings?: Record<string, string>
}

/** @types/pg lacks these two. */
type Session = Client & { ref(): void; unref(): void }

/** Long enough for crash recovery of a few GB of WAL. */
const START_LIMIT_MS = 120_000
const LAUNCH_ATTEMPTS = 20
/** Each process holds this advisory lock (shared, in database `postgres`) for as long as it uses the server. */
const IN_USE_LOCK = 7_086_721

/**
 * Starts PostgreSQL 18 on `dataDir`, or joins the one that already runs there (another app process, or one that
 * outlived a killed app). Any number of processes of one machine may call it at the same moment.
 *
 * There is no lock file to go stale: every step is atomic (`link`, `symlink`, `rename` of a finished cluster,
 * PostgreSQL's own `postmaster.pid`), and who loses a race looks again and joins the winner.
 *
 * As root the server runs as another OS user; `preparePostgresFiles` says where the data then are.
 * Deleting the folder around `dataDir` means starting afresh.
 *
 * @throws Error that says what failed, with the last lines of PostgreSQL's log, and what to do
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { database = 'punctual', log = () => {}, settings = {} } = options
  const dataDir = resolve(options.dataDir)
  try {
    const files = preparePostgresFiles(dataDir, log)
    await createClusterOnce(files, log)
    const { client, port } = await joinOrLaunch(files, settings, log)
    await createDatabaseOnce(client, database).catch(async (error: unknown) => {
      await client.end()
      throw error
    })
    client.unref() // an app that never calls stop() must still be able to exit
    let stopped: Promise<void> | undefined
    return {
      url: `postgres://postgres:${files.password}@127.0.0.1:${port}/${encodeURIComponent(database)}`,
      stop: () => (stopped ??= leave(files, client, log)),
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(
      `The embedded PostgreSQL (${dataDir}) could not start: ${reason}\n` +
        'Mend this, or set DATABASE_URL to a PostgreSQL 18 database of your own.',
      { cause: error },
    )
  }
}

async function joinOrLaunch(
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
async function join(postmaster: Postmaster, files: PostgresFiles): Promise<Session | undefined> {
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

async function createDatabaseOnce(client: Client, database: string): Promise<void> {
  const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [database])
  if (rowCount) return
  await client.query(`create database ${client.escapeIdentifier(database)}`).catch((error: unknown) => {
    if (!hasCode(error, '42P04') && !hasCode(error, '23505')) throw error // else another process was faster
  })
}

async function leave(files: PostgresFiles, joined: Session, log: (line: string) => void): Promise<void> {
  joined.ref()
  const postmaster = findPostmaster(files.home)
  if (!postmaster) return joined.end().catch(() => {})
  const alive = await joined.query('select 1').then(
    () => true,
    () => false,
  )
  const client = alive ? joined : await join(postmaster, files)
  if (!client) return
  try {
    const last = await isLast(client).catch(() => undefined) // somebody else stops it right now
    if (last) await shutDownPostmaster(files, postmaster)
    if (last === false) log(`PostgreSQL goes on running (pid ${postmaster.pid}): others are connected`)
  } finally {
    await client.end().catch(() => {})
  }
}

/**
 * True when no other process and no other session uses the server. It then holds the lock alone, so that a process
 * which starts right now waits, is cut off by the shutdown, and launches a server of its own.
 */
async function isLast(client: Client): Promise<boolean> {
  await client.query('select pg_advisory_unlock_shared($1)', [IN_USE_LOCK])
  const { rows } = await client.query<{ alone: boolean }>('select pg_try_advisory_lock($1) as alone', [
    IN_USE_LOCK,
  ])
  if (!rows[0]?.alone) return false
  // Sessions that our app has just closed take a busy server a while to forget; 500 ms once was too short.
  for (let attempt = 0; attempt < 150; attempt++) {
    const { rowCount } = await client.query(
      "select 1 from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()",
    )
    if (!rowCount) return true
    await sleep(20)
  }
  return false
}

function wrongPassword({ home, passwordFile }: PostgresFiles): string {
  return (
    `the password in ${passwordFile} does not fit the data in ${home}. Restore that file, ` +
    `or delete ${dirname(passwordFile)}/${basename(passwordFile, '.password')} to start with an empty database.`
  )
}

const hasCode = (error: unknown, code: string) => (error as { code?: string }).code === code
