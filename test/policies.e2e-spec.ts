import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ApiClient, Body } from './support/api-client.js'
import { startTestApp, type TestApp } from './support/test-app.js'

const DEFAULTS = { vip: [60, 240, 480], enterprise: [120, 480, 1440], standard: [240, 1440, 2880] }

let punctual: TestApp
let ada: ApiClient
beforeAll(async () => {
  punctual = await startTestApp()
})
beforeEach(async () => {
  ada = await punctual.tenant()
})
afterAll(() => punctual.stop())

describe('a new tenant', () => {
  it('has a policy for each tier and priority, and a default that takes the rest', async () => {
    const policies = await list()
    const matrix = Object.entries(DEFAULTS).flatMap(([tier, minutes]) =>
      ['high', 'medium', 'low'].map((priority, column) => ({
        customerTiers: [tier],
        priorities: [priority],
        firstReplyMinutes: minutes[column],
        nextReplyMinutes: minutes[column],
        resolutionMinutes: null,
        isDefault: false,
      })),
    )
    expect(policies).toMatchObject([
      ...matrix,
      { name: 'Default', isDefault: true, priorities: null, customerTiers: null, firstReplyMinutes: 1440 },
    ])
    expect(policies.map(({ position }) => position)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  })

  it('has them once, however many messages come first together', async () => {
    await Promise.all(Array.from({ length: 8 }, () => post()))
    const rows = await punctual.query('select 1 from sla_settings where user_id = $1', [ada.tenantId])
    expect(rows).toHaveLength(10)
    const versions = 'select 1 from sla_setting_versions where user_id = $1'
    expect(await punctual.query(versions, [ada.tenantId])).toHaveLength(10)
  })
})

describe('the first policy whose conditions all hold decides', () => {
  const target = async (mail: object) => (await post(mail)).clock?.targetMinutes ?? null

  it('by priority and tier', async () => {
    await create({ priorities: ['high', 'low'], customerTiers: ['vip'], firstReplyMinutes: 7 })
    expect(await target({ priority: 'high', customerTier: 'vip' })).toBe(7)
    expect(await target({ priority: 'low', customerTier: 'vip' })).toBe(7)
    expect(await target({ priority: 'medium', customerTier: 'vip' })).toBe(240)
    expect(await target({ priority: 'high', customerTier: 'standard' })).toBe(240)
  })

  it('by category, in whatever case', async () => {
    await create({ categories: ['Billing', 'dunning'], firstReplyMinutes: 8 })
    expect(await target({ category: 'BILLING' })).toBe(8)
    expect(await target({ category: 'billing question' })).toBe(1440)
    expect(await target({})).toBe(1440)
  })

  it('by the domain of the sender and its subdomains', async () => {
    await create({ senderDomains: ['@Example.org', 'b.test', 'Bücher.example'], firstReplyMinutes: 9 })
    expect(await target(from('x@example.org'))).toBe(9)
    expect(await target(from('X@Mail.Example.ORG'))).toBe(9)
    expect(await target(from('x@b.test'))).toBe(9)
    for (const domain of ['xn--bcher-kva.example', 'BÜCHER.example', 'post.bücher.example'])
      expect(await target(from(`x@${domain}`)), domain).toBe(9)
    expect(await target(from('x@notexample.org'))).toBe(1440)
    expect(await target(from('example.org@x.test'))).toBe(1440)
  })

  it('by the mailbox, which posted mail has none of', async () => {
    const [mailbox] = (await punctual.query<{ id: number }>(
      `insert into email_providers (user_id, name, type, address) values ($1, 'S', 'imap', 's@example.com') returning id`,
      [ada.tenantId],
    )) as [{ id: number }]
    await create({ mailboxIds: [mailbox.id], firstReplyMinutes: 10 })
    const { id } = await post()
    expect((await ada.get(`/emails/${id}`)).body.clock.targetMinutes).toBe(1440)
    await punctual.query('update emails set provider_id = $2 where id = $1', [id, mailbox.id])
    await ada.patch(`/emails/${id}`, { category: 'now through the mailbox' })
    expect((await ada.get(`/emails/${id}`)).body.clock.targetMinutes).toBe(10)
  })

  it('in their order, without those that are not active', async () => {
    const general = await create({ firstReplyMinutes: 11 })
    expect(await target({})).toBe(11)
    const special = await create({ categories: ['x'], firstReplyMinutes: 12 })
    expect(await target({ category: 'x' })).toBe(12)
    expect((await ada.patch(`/sla/settings/${special.id}`, { isActive: false })).status).toBe(200)
    expect(await target({ category: 'x' })).toBe(11)
    expect((await ada.patch(`/sla/settings/${general.id}`, { position: 5 })).body.position).toBe(5)
    const order = (await list()).map(({ name, position }) => [name, position])
    expect(order[4]).toEqual(['P', 5])
    expect(order.at(-1)).toEqual(['Default', 11 + 1])
    expect(await target({ priority: 'high', customerTier: 'standard' })).toBe(11)
    expect((await ada.delete(`/sla/settings/${general.id}`)).status).toBe(204)
    expect(await target({ priority: 'high', customerTier: 'standard' })).toBe(240)
    expect((await list()).map(({ position }) => position)).toEqual(
      order.slice(1).map((_, place) => place + 1),
    )
  })

  it('and one without a target starts no clock', async () => {
    await create({ categories: ['spam'], firstReplyMinutes: null })
    expect(await target({ category: 'spam' })).toBeNull()
  })
})

describe('a policy', () => {
  it('has a new version with every change of what it says, but not of its name or place', async () => {
    const { id, version } = await create({ firstReplyMinutes: 5 })
    const change = async (changes: object) => (await ada.patch(`/sla/settings/${id}`, changes)).body.version
    expect([version, await change({ name: 'Q' }), await change({ position: 1 }), await change({})]).toEqual([
      1, 1, 1, 1,
    ])
    expect(await change({ firstReplyMinutes: 0.5, onBreach: ['notify', 'reassign'] })).toBe(2)
    expect((await ada.get(`/sla/settings/${id}`)).body).toMatchObject({
      name: 'Q',
      firstReplyMinutes: 0.5,
      onBreach: ['notify', 'reassign'],
    })
    await expect(
      punctual.query(`update sla_setting_versions set version = 9 where setting_id = $1`, [id]),
    ).rejects.toThrow('never changed')
  })

  it('that could never be reached is refused', async () => {
    const { id } = await create({ senderDomains: ['example.org'], firstReplyMinutes: 5 })
    const last = { senderDomains: ['mail.example.org'], position: 2, name: 'R' }
    await expectRefused(await ada.post('/sla/settings', last), ['position'], 'unreachable_policy')
    await expectRefused(await ada.post('/sla/settings', { name: 'R', position: 11 }), ['position'])
    expect((await ada.post('/sla/settings', { ...last, position: 1 })).status).toBe(201)
    expect((await ada.patch(`/sla/settings/${id}`, { isActive: false })).status).toBe(200)
  })

  it.each([
    [{ firstReplyMinutes: 0 }, 'firstReplyMinutes'],
    [{ nextReplyMinutes: -1 }, 'nextReplyMinutes'],
    [{ resolutionMinutes: 1e12 }, 'resolutionMinutes'],
    [{ firstReplyMinutes: 0.001 }, 'firstReplyMinutes'],
    [{ warningPercent: 0 }, 'warningPercent'],
    [{ warningPercent: 100 }, 'warningPercent'],
    [{ warningPercent: 20.5 }, 'warningPercent'],
    [{ priorities: [] }, 'priorities'],
    [{ senderDomains: [] }, 'senderDomains'],
    [{ senderDomains: ['ok.test', 'not a domain'] }, 'senderDomains.1'],
    [{ categories: ['x', '  '] }, 'categories.1'],
    [{ calendarId: 999_999 }, 'calendarId'],
    [{ mailboxIds: [999_999] }, 'mailboxIds'],
  ])('with %j is refused, naming the field', async (wrong, field) => {
    const before = await list()
    await expectRefused(await ada.post('/sla/settings', { name: 'P', ...wrong }), [field])
    await expectRefused(await ada.patch(`/sla/settings/${before[0]!.id}`, wrong), [field])
    expect(await list()).toEqual(before)
  })

  it('has a calendar and mailboxes of its own tenant', async () => {
    const eve = await punctual.tenant('eve')
    const [calendar] = (await punctual.query<{ id: number }>(
      `insert into sla_calendars (user_id, name) values ($1, 'Hers') returning id`,
      [eve.tenantId],
    )) as [{ id: number }]
    await expectRefused(await ada.post('/sla/settings', { name: 'P', calendarId: calendar.id }), [
      'calendarId',
    ])
  })
})

it('the default stays, stays last and takes everything', async () => {
  const { id } = (await list()).at(-1)!
  expect((await ada.delete(`/sla/settings/${id}`)).body.code).toBe('default_policy')
  await expectRefused(
    await ada.patch(`/sla/settings/${id}`, { isActive: false, priorities: ['low'], position: 1 }),
    ['priorities', 'isActive', 'position'],
  )
  expect((await ada.patch(`/sla/settings/${id}`, { firstReplyMinutes: 3 })).status).toBe(200)
  for (const policy of await list())
    if (!policy.isDefault) expect((await ada.delete(`/sla/settings/${policy.id}`)).status).toBe(204)
  expect((await post()).clock.targetMinutes).toBe(3)
})

const list = async (): Promise<Body[]> => (await ada.get('/sla/settings')).body.data

async function create(policy: object): Promise<Body> {
  const { status, body } = await ada.post('/sla/settings', { name: 'P', ...policy })
  expect(status, JSON.stringify(body)).toBe(201)
  return body
}

async function expectRefused({ status, body }: Body, fields: string[], code = body.code): Promise<void> {
  expect(status, JSON.stringify(body)).toBe(422)
  expect(body.errors.map(({ field }: { field: string }) => field)).toEqual(fields)
  expect(body.code).toBe(code)
}

const from = (address: string) => ({ from: { address } })

async function post(mail: object = {}): Promise<Body> {
  const { status, body } = await ada.post('/emails', {
    ...from('c@example.com'),
    subject: 'S',
    text: 'T',
    ...mail,
  })
  expect(status, JSON.stringify(body)).toBe(201)
  return body
}
