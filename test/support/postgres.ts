import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import { inject } from 'vitest'

export const TEMPLATE = 'punctual_test_template'

export interface TestDatabase {
  url: string
  drop(): Promise<void>
}

/** A migrated database of one's own, copied from the template in some milliseconds. */
export async function createDatabase(template: string = TEMPLATE): Promise<TestDatabase> {
  const serverUrl = inject('postgresUrl')
  const name = `punctual_test_${randomBytes(6).toString('hex')}`
  await administer(serverUrl, `create database ${name} template ${template}`)
  return {
    url: inDatabase(serverUrl, name),
    drop: () => administer(serverUrl, `drop database if exists ${name} with (force)`),
  }
}

export function inDatabase(serverUrl: string, name: string): string {
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return url.href
}

/** Statements that no transaction may hold, one after another, from the maintenance database. */
export async function administer(serverUrl: string, ...statements: string[]): Promise<void> {
  const client = new Client({ connectionString: inDatabase(serverUrl, 'postgres') })
  await client.connect()
  try {
    // Two test files may copy the template at once; PostgreSQL lets only one in at a time.
    await client.query('select pg_advisory_lock(7262106)')
    for (const statement of statements) await client.query(statement)
  } finally {
    await client.end()
  }
}
