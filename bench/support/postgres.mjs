import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { DataSource } from '../../node_modules/typeorm/index.mjs'
import { dataSourceOptions } from '../../dist/ormconfig.js'
import { startEmbeddedPostgres } from '../../dist/src/database/embedded-postgres.js'
import { migrate } from '../../dist/src/database/migrate.js'

/** DATABASE_URL's server, or an embedded one with PostgreSQL's own settings: every commit waits for the disk. */
export async function startPostgres() {
  if (process.env.DATABASE_URL) return { url: process.env.DATABASE_URL, stop: async () => {} }
  const folder = mkdtempSync(join(tmpdir(), 'punctual-bench-'))
  chmodSync(folder, 0o711) // as root, PostgreSQL runs as another OS user, who must get in
  const dataDir = join(folder, 'postgres')
  const server = await startEmbeddedPostgres({ dataDir })
  const stop = async () => {
    await server.stop()
    rmSync(realpathSync(dataDir), { recursive: true, force: true })
    rmSync(folder, { recursive: true, force: true })
  }
  return { url: server.url, stop }
}

export async function withPostgres(use) {
  const server = await startPostgres()
  try {
    await use(server)
  } finally {
    await server.stop()
  }
}

/** A new, migrated database on that server. */
export async function createDatabase(server) {
  const name = `punctual_bench_${randomBytes(4).toString('hex')}`
  await administer(server, `create database ${name}`)
  const url = new URL(server.url)
  url.pathname = `/${name}`
  const source = await new DataSource(dataSourceOptions(url.href)).initialize()
  await migrate(source)
  await source.destroy()
  return { url: url.href, drop: () => administer(server, `drop database if exists ${name} with (force)`) }
}

export async function query(url, sql, parameters) {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql, parameters)).rows
  } finally {
    await client.end()
  }
}

const administer = (server, sql) => query(server.url, sql)
