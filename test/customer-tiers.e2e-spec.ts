import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ApiClient, type Body } from './support/api-client.js'
import { startTestApp, type TestApp } from './support/test-app.js'

let punctual: TestApp
beforeAll(async () => {
  punctual = await startTestApp()
})
afterAll(() => punctual.stop())

describe('mail that arrives', () => {
  it('has the tier of its address, else of the nearest domain, else none', async () => {
    const ada = await punctual.tenant()
    await keep(ada, {
      'example.com': 'enterprise',
      'vip.example.com': 'vip',
      'intern@vip.example.com': 'standard',
      'eve@elsewhere.example': 'vip',
    })
    expect(await tierOf(ada, 'someone@example.com')).toBe('enterprise')
    expect(await tierOf(ada, 'someone@deep.down.example.com')).toBe('enterprise')
    expect(await tierOf(ada, 'Someone@VIP.example.com')).toBe('vip')
    expect(await tierOf(ada, 'someone@eu.vip.example.com')).toBe('vip')
    expect(await tierOf(ada, 'intern@vip.example.com')).toBe('standard')
    expect(await tierOf(ada, 'someone@notexample.com')).toBe('standard')
    expect(await tierOf(ada, 'adam@elsewhere.example')).toBe('standard')
    const bob = await punctual.tenant()
    expect(await tierOf(bob, 'someone@vip.example.com')).toBe('standard')
  })

  it('starts the clock of that tier, and what the caller says comes first', async () => {
    const ada = await punctual.tenant()
    await keep(ada, { 'example.com': 'vip' })
    const urgent = await post(ada, 'ceo@example.com', { priority: 'high' })
    expect(urgent).toMatchObject({ customerTier: 'vip', clock: { targetMinutes: 60 } })
    const told = await post(ada, 'ceo@example.com', { customerTier: 'standard' })
    expect(told.customerTier).toBe('standard')
  })

  it('also as raw mail, with its domain in ASCII or in Unicode', async () => {
    const ada = await punctual.tenant()
    await keep(ada, { 'bücher.example': 'vip' })
    const raw = (from: string, query = '') =>
      ada.postMail(Buffer.from(`From: Ada <${from}>\r\nSubject: S\r\n\r\nT\r\n${Math.random()}`), query)
    for (const domain of ['xn--bcher-kva.example', 'bücher.example', 'mail.BÜCHER.example'])
      expect((await raw(`ada@${domain}`)).body).toMatchObject({ customerTier: 'vip' })
    for (const odd of ['root@localhost', 'ceo@[192.0.2.1]'])
      expect((await raw(odd)).body).toMatchObject({ customerTier: 'standard' })
    expect((await ada.postMail(Buffer.from('Subject: nobody\r\n\r\nT'))).body.customerTier).toBe('standard')
    const told = await raw('ada@bücher.example', '?customerTier=enterprise')
    expect(told.body.customerTier).toBe('enterprise')
  })

  it('keeps the domains of its sender in that one form', async () => {
    const ada = await punctual.tenant()
    const domainsOf = async (from: string): Promise<string[]> => {
      const raw = `From: Ada <${from}>\r\nSubject: S\r\n\r\nT\r\n${Math.random()}`
      const { id } = (await ada.postMail(Buffer.from(raw))).body
      const [email] = await punctual.query<{ domains: string[] }>(
        `select sender_domains as domains from emails where id = $1`,
        [id],
      )
      return email!.domains
    }
    expect(await domainsOf('ada@Example.com')).toEqual(['example.com'])
    const ascii = ['eu.xn--bcher-kva.example', 'xn--bcher-kva.example']
    for (const domain of ['eu.bücher.example', 'EU.BÜCHER.example', 'eu.xn--bcher-kva.example'])
      expect(await domainsOf(`ada@${domain}`)).toEqual(ascii)
    for (const odd of ['root@localhost', 'ceo@[192.0.2.1]']) expect(await domainsOf(odd)).toEqual([])
  })

  it('keeps its tier when the list changes', async () => {
    const ada = await punctual.tenant()
    const tier = await add(ada, 'example.com', 'vip')
    const { id } = await post(ada, 'ceo@example.com')
    await ada.patch(`/customer-tiers/${tier.id}`, { tier: 'enterprise' })
    expect((await ada.get(`/emails/${id}`)).body.customerTier).toBe('vip')
    expect(await tierOf(ada, 'ceo@example.com')).toBe('enterprise')
    expect((await ada.delete(`/customer-tiers/${tier.id}`)).status).toBe(204)
    expect(await tierOf(ada, 'ceo@example.com')).toBe('standard')
  })
})

describe('the entries', () => {
  it('are one an address or domain, however it is written, also when two come at the same moment', async () => {
    const ada = await punctual.tenant()
    const writings = ['Bücher.example', '@bücher.example', ' xn--bcher-kva.EXAMPLE ', 'BÜCHER.example']
    const answers = await Promise.all(
      writings.map((matches) => ada.post('/customer-tiers', { matches, tier: 'vip' })),
    )
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409])
    for (const { status, body } of answers)
      expect(body).toMatchObject(
        status === 201 ? { matches: 'xn--bcher-kva.example', tier: 'vip' } : { code: 'customer_tier_exists' },
      )
    const other = await add(ada, 'example.com', 'vip')
    const taken = await ada.patch(`/customer-tiers/${other.id}`, { matches: 'bücher.example' })
    expect(taken).toMatchObject({ status: 409, body: { code: 'customer_tier_exists' } })
    const moved = await ada.patch(`/customer-tiers/${other.id}`, { matches: '@Example.org' })
    expect(moved.body).toMatchObject({ id: other.id, matches: 'example.org', tier: 'vip' })
    expect((await ada.get(`/customer-tiers/${other.id}`)).body).toEqual(moved.body)
    const bob = await punctual.tenant()
    await add(bob, 'example.org', 'vip')
  })

  it('name what is neither address nor domain', async () => {
    const ada = await punctual.tenant()
    const wrong = { matches: 'not a domain', tier: 'vip' }
    const refusal = { status: 422, body: { code: 'invalid_input', errors: [{ field: 'matches' }] } }
    expect(await ada.post('/customer-tiers', wrong)).toMatchObject(refusal)
    const { id } = await add(ada, 'example.com', 'vip')
    expect(await ada.patch(`/customer-tiers/${id}`, { matches: 'not a domain' })).toMatchObject(refusal)
    expect((await ada.post('/customer-tiers', { matches: 'a.example', tier: 'gold' })).status).toBe(400)
  })

  it('are listed newest first, filtered, page by page', async () => {
    const ada = await punctual.tenant()
    const all = ['a.example', 'ceo@b.example', 'c.example', 'bücher.example', 'e.example']
    for (const [n, matches] of all.entries()) await add(ada, matches, n % 2 ? 'vip' : 'enterprise')
    const list = async (query: string): Promise<Body> => (await ada.get(`/customer-tiers?${query}`)).body
    const seen: string[] = []
    for (let cursor = ''; ;) {
      const { data, nextCursor } = await list(`limit=2${cursor}`)
      seen.push(...data.map(({ matches }: Body) => matches))
      if (!nextCursor) break
      cursor = `&cursor=${nextCursor}`
    }
    expect(seen).toEqual(['e.example', 'xn--bcher-kva.example', 'c.example', 'ceo@b.example', 'a.example'])
    const found = async (query: string) => (await list(query)).data.map(({ matches }: Body) => matches)
    expect(await found('tier=vip')).toEqual(['xn--bcher-kva.example', 'ceo@b.example'])
    expect(await found('q=CEO@')).toEqual(['ceo@b.example'])
    expect(await found('q=b.ex')).toEqual(['ceo@b.example'])
    expect(await found(`q=${encodeURIComponent('Bücher.example')}`)).toEqual(['xn--bcher-kva.example'])
    expect(await found('q=%25')).toEqual([])
    expect(await found('q=c&tier=enterprise')).toEqual(['c.example'])
  })
})

describe('a whole list', () => {
  it('is kept as often as it is sent, and counted', async () => {
    const ada = await punctual.tenant()
    const { id, updatedAt } = await add(ada, 'kept.example', 'vip')
    const list = [
      { matches: 'one.example', tier: 'vip' },
      { matches: '@One.Example', tier: 'vip' },
      { matches: 'ceo@two.example', tier: 'enterprise' },
    ]
    const put = async (entries: object[]) => (await ada.put('/customer-tiers', { entries })).body
    expect(await put(list)).toEqual({ created: 2, updated: 0, unchanged: 0 })
    expect(await put(list)).toEqual({ created: 0, updated: 0, unchanged: 2 })
    const changed = [...list.slice(0, 2), { matches: 'ceo@two.example', tier: 'vip' }]
    expect(await put([...changed, { matches: 'new.example', tier: 'vip' }])).toEqual({
      created: 1,
      updated: 1,
      unchanged: 1,
    })
    expect(await put([])).toEqual({ created: 0, updated: 0, unchanged: 0 })
    expect((await ada.get('/customer-tiers?limit=100')).body.data).toHaveLength(4)
    expect(await tierOf(ada, 'ceo@two.example')).toBe('vip')
    expect((await ada.get(`/customer-tiers/${id}`)).body.updatedAt).toBe(updatedAt)
  })

  it('is refused whole, naming each entry that is wrong', async () => {
    const ada = await punctual.tenant()
    const entries = [
      { matches: 'one.example', tier: 'vip' },
      { matches: 'no domain', tier: 'vip' },
      { matches: 'ONE.example', tier: 'enterprise' },
    ]
    const refused = await ada.put('/customer-tiers', { entries })
    expect(refused).toMatchObject({ status: 422, body: { code: 'invalid_input' } })
    expect(refused.body.errors).toEqual([
      { field: 'entries.1.matches', message: expect.stringContaining('must be an address') },
      { field: 'entries.2.matches', message: 'has two tiers in this list' },
    ])
    expect((await ada.get('/customer-tiers')).body.data).toEqual([])
  })

  it('holds up to a thousand, and several at once do not stand in each other’s way', async () => {
    const ada = await punctual.tenant()
    const entries = Array.from({ length: 1_000 }, (_, n) => ({ matches: `c${n}.example`, tier: 'vip' }))
    const lists = [entries, entries.toReversed(), entries, entries.toReversed()]
    const answers = await Promise.all(lists.map((list) => ada.put('/customer-tiers', { entries: list })))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(answers.reduce((sum, { body }) => sum + body.created, 0)).toBe(1_000)
    const tooMany = [...entries, { matches: 'more.example', tier: 'vip' }]
    expect((await ada.put('/customer-tiers', { entries: tooMany })).status).toBe(400)
  })
})

it('agents read the tiers and do not change them', async () => {
  const email = 'tier-agent@example.com'
  const ada = await ApiClient.register(punctual.baseUrl, email)
  const { id } = await add(ada, 'example.com', 'vip')
  await punctual.query(`update "user" set role = 'agent' where id = $1`, [ada.tenantId])
  const { body } = await ada.post('/auth/login', { email, password: 'a long password' })
  const agent = new ApiClient(punctual.baseUrl, body.accessToken)
  expect((await agent.get('/customer-tiers')).body.data).toHaveLength(1)
  expect((await agent.get(`/customer-tiers/${id}`)).status).toBe(200)
  const entry = { matches: 'a.example', tier: 'vip' }
  const refused = [
    await agent.post('/customer-tiers', entry),
    await agent.put('/customer-tiers', { entries: [entry] }),
    await agent.patch(`/customer-tiers/${id}`, { tier: 'standard' }),
    await agent.delete(`/customer-tiers/${id}`),
  ]
  expect(refused.map(({ status }) => status)).toEqual([403, 403, 403, 403])
})

async function add(client: ApiClient, matches: string, tier: string): Promise<Body> {
  const { status, body } = await client.post('/customer-tiers', { matches, tier })
  expect(status, JSON.stringify(body)).toBe(201)
  return body
}

async function keep(client: ApiClient, tiers: Record<string, string>): Promise<void> {
  const entries = Object.entries(tiers).map(([matches, tier]) => ({ matches, tier }))
  expect((await client.put('/customer-tiers', { entries })).status).toBe(200)
}

async function post(client: ApiClient, address: string, more: object = {}): Promise<Body> {
  const mail = { from: { address }, subject: 'A question', text: 'Why?', ...more }
  return (await client.post('/emails', mail)).body
}

const tierOf = async (client: ApiClient, address: string): Promise<string> =>
  (await post(client, address)).customerTier
