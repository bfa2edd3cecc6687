import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { DataSource } from 'typeorm'
import { dataSourceOptions } from '../../ormconfig.js'
import { startEmbeddedPostgres } from '../../src/database/embedded-postgres.js'
import { migrate } from '../../src/database/migrate.js'
import { administer, inDatabase, TEMPLATE } from './postgres.js'

declare module 'vitest' {
  export interface ProvidedContext {
    postgresUrl: string
  }
}

/** One server for the run: DATABASE_URL's, or an embedded one. One migrated template; each test file copies it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await findServer()
  await administer(server.url, `drop database if exists ${TEMPLATE}`, `create database ${TEMPLATE}`)
  const source = await new DataSource(dataSourceOptions(inDatabase(server.url, TEMPLATE))).initialize()
  await migrate(source)
  await source.destroy()
  project.provide('postgresUrl', server.url)
  return async () => {
    await administer(server.url, `drop database ${TEMPLATE}`)
    await server.stop()
  }
}

async function findServer(): Promise<{ url: string; stop(): Promise<void> }> {
  if (process.env.DATABASE_URL) return { url: process.env.DATABASE_URL, stop: async () => {} }
  const folder = mkdtempSync(join(tmpdir(), 'punctual-test-'))
  chmodSync(folder, 0o711) // as root, the server's own user must get through
  // The data are thrown away: nothing needs to survive a power cut.
  const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }
  const server = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres'), settings })
  const stop = async () => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  return { url: server.url, stop }
}
