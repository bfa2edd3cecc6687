import { afterAll, beforeAll, expect, it } from 'vitest'
import { tierCandidates } from '../src/emails/tier-matches.js'
import { earlierDatabase } from './support/earlier-database.js'

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

let database: Awaited<ReturnType<typeof earlierDatabase>>
beforeAll(async () => {
  database = await earlierDatabase(1)
})
afterAll(() => database.drop())

it('gives mail of before the domains of its sender, as mail that arrives has them', async () => {
  const { before, after, tenantId } = database
  await before.query(
    `insert into emails (user_id, thread_id, message_id, from_address, subject, body_text, received_at)
     select $1, gen_random_uuid(), address, address, 'S', 'T', '2026-03-02T09:00:00Z'
     from unnest($2::text[]) as address`,
    [tenantId, [...Object.keys(DOMAINS), 'ada@eu.bücher.example.com']],
  )
  await database.migrate()
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
