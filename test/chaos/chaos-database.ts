import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { startEmbeddedPostgres } from '../../src/database/embedded-postgres.js'
import { administer, inDatabase } from '../support/postgres.js'

export interface ChaosDatabase {
  url: string
  query<Row>(sql: string): Promise<Row[]>
  drop(): Promise<void>
}

/** An empty database on DATABASE_URL's server, or on an embedded one with the settings of production. */
export async function createChaosDatabase(): Promise<ChaosDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'punctual-chaos-'))
  const given = process.env.DATABASE_URL
  const server = given ? undefined : await startEmbeddedPostgres({ dataDir: join(folder, 'postgres') })
  const serverUrl = given ?? server!.url
  const name = `punctual_chaos_${randomBytes(6).toString('hex')}`
  await administer(serverUrl, `create database ${name}`)
  const url = inDatabase(serverUrl, name)
  return {
    url,
    query: (sql) => query(url, sql),
    drop: async () => {
      await administer(serverUrl, `drop database if exists ${name} with (force)`)
      await server?.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Over a connection of its own: the server may have been away since the last one. */
export async function query<Row>(url: string, sql: string): Promise<Row[]> {
  const client = new Client({ connectionString: url })
  client.on('error', () => {}) // the query under way tells
  await client.connect()
  try {
    return (await client.query(sql)).rows as Row[]
  } finally {
    await client.end()
  }
}
