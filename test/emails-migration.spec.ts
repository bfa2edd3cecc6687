import { DataSource } from 'typeorm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { dataSourceOptions } from '../ormconfig.js'
import { tierCandidates } from '../src/emails/tier-matches.js'
import { createDatabase, type TestDatabase } from './support/postgres.js'

const DOMAINS: Record<string, string[]> = {
  'ada@example.com': ['example.com'],
  'Ada@Mail.EU.Example.com': ['mail.eu.example.com', 'eu.example.com', 'example.com'],
  '"a@b"@xn--bcher-kva.example': ['xn--bcher-kva.example'],
  'ada@example.xn--p1ai': ['example.xn--p1ai'],
  'root@localhost': [],
  'ceo@[192.0.2.1]': [],
  'ceo@192.0.2.1': [],
  'example.org': ['example.org'], // not an address, and yet who wrote
}

let database: TestDatabase
let before: DataSource
let after: DataSource

beforeAll(async () => {
  database = await createDatabase('template0')
  const options = dataSourceOptions(database.url)
  before = new DataSource({ ...options, migrations: (options.migrations as []).slice(0, 1) })
  after = new DataSource(options)
  await before.initialize()
  await before.runMigrations()
})
afterAll(async () => {
  for (const source of [before, after]) if (source.isInitialized) await source.destroy()
  await database.drop()
})

it('gives mail of before the domains of its sender, as mail that arrives has them', async () => {
  const [{ id: user }] = await before.query(
    `insert into "user" (email, name) values ('ada@example.com', 'Ada') returning id`,
  )
  await before.query(
    `insert into emails (user_id, thread_id, message_id, from_address, subject, body_text, received_at)
     select $1, gen_random_uuid(), address, address, 'S', 'T', '2026-03-02T09:00:00Z'
     from unnest($2::text[]) as address`,
    [user, [...Object.keys(DOMAINS), 'ada@eu.bücher.example.com']],
  )
  await after.initialize()
  await after.runMigrations()
  const rows: { address: string; domains: string[] }[] = await after.query(
    `select from_address as address, sender_domains as domains from emails`,
  )
  const { 'ada@eu.bücher.example.com': unicode, ...ascii } = Object.fromEntries(
    rows.map(({ address, domains }) => [address, domains]),
  )
  expect(ascii).toEqual(DOMAINS)
  for (const [address, domains] of Object.entries(ascii))
    expect(tierCandidates(address).slice(1)).toEqual(domains)
  // SQL has no Punycode: what is not ASCII is left out.
  expect(unicode).toEqual(['example.com'])
})
