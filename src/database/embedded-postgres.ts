import { resolve } from 'node:path'
import type { Client } from 'pg'
import { createClusterOnce } from './postgres-cluster.js'
import { preparePostgresFiles } from './postgres-files.js'
import { PostgresKeeper } from './postgres-keeper.js'
import { hasCode, joinOrLaunch } from './postgres-session.js'

export interface EmbeddedPostgres {
  /** `postgres://…@127.0.0.1:<port>/<database>`: a superuser's; the port is the last one's, where it is free. */
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
  /** Hears that the server has ended by itself, and that it is back. */
  tell?: (line: string) => void
  /** More `-c` settings; they win over ours. A server that already runs keeps those it was started with. */
  settings?: Record<string, string>
  /** Hears that the server has ended and cannot be started again, and why. */
  onLost?: (error: Error) => void
}

/**
 * Starts PostgreSQL 18 on `dataDir`, or joins the one that already runs there (another app process, or one that
 * outlived a killed app). Any number of processes of one machine may call it at the same moment.
 *
 * There is no lock file to go stale: every step is atomic (`link`, `symlink`, `rename` of a finished cluster,
 * PostgreSQL's own `postmaster.pid`), and who loses a race looks again and joins the winner. A server that ends while
 * it is used is started again in the same way, by one of those who use it.
 *
 * As root the server runs as another OS user; `preparePostgresFiles` says where the data then are.
 * Deleting the folder around `dataDir` means starting afresh.
 *
 * @throws Error that says what failed, with the last lines of PostgreSQL's log, and what to do
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { database = 'punctual', log = () => {}, tell = log, settings = {}, onLost = () => {} } = options
  const dataDir = resolve(options.dataDir)
  try {
    const files = preparePostgresFiles(dataDir, log)
    await createClusterOnce(files, log)
    const { client, port } = await joinOrLaunch(files, settings, log)
    await createDatabaseOnce(client, database).catch(async (error: unknown) => {
      await client.end()
      throw error
    })
    // Started again it keeps its port, and with it this URL.
    const keeper = new PostgresKeeper(files, { ...settings, port: String(port) }, client, log, tell, onLost)
    let stopped: Promise<void> | undefined
    return {
      url: `postgres://postgres:${files.password}@127.0.0.1:${port}/${encodeURIComponent(database)}`,
      stop: () => (stopped ??= keeper.leave()),
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(
      `The embedded PostgreSQL (DATA_DIR, in ${dataDir}) could not start: ${reason}\n` +
        'Mend this, or set DATABASE_URL to a PostgreSQL database of your own.',
      { cause: error },
    )
  }
}

async function createDatabaseOnce(client: Client, database: string): Promise<void> {
  const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [database])
  if (rowCount) return
  await client.query(`create database ${client.escapeIdentifier(database)}`).catch((error: unknown) => {
    if (!hasCode(error, '42P04') && !hasCode(error, '23505')) throw error // else another process was faster
  })
}
