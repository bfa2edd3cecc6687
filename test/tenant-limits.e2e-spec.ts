import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ApiClient } from './support/api-client.js'
import { startTestApp, type TestApp } from './support/test-app.js'

/** A tenant has so many of each kind: two that come at once do not exceed it, and what is removed makes room. */

let punctual: TestApp
let ada: ApiClient
beforeAll(async () => {
  punctual = await startTestApp()
  ada = await punctual.tenant()
})
afterAll(() => punctual.stop())

const hours = { mon: [['09:00', '17:00']] }

/** How rows come into being: by SQL all but two, the last two and one too many by the API. */
const KINDS = [
  {
    ...{ name: 'webhooks', most: 100, path: '/webhooks/subscribe', remove: '/webhooks/subscribe' },
    body: (n: number) => ({ url: `http://127.0.0.1:1/${n}`, events: ['*'] }),
    fill: `insert into webhooks (user_id, url, events, secret) select $1, 'http://x', '["*"]', 'v1' from generate_series(1, $2::int)`,
  },
  {
    ...{ name: 'calendars', most: 200, path: '/sla/calendars', remove: '/sla/calendars' },
    body: (n: number) => ({ name: `C ${n}`, timezone: 'UTC', hours }),
    fill: `insert into sla_calendars (user_id, name) select $1, 'c' || n from generate_series(1, $2::int) n`,
  },
  {
    ...{ name: 'members', most: 1_000, path: '/team/members', remove: undefined },
    body: (n: number) => ({ name: `M ${n}`, email: `new${n}@example.com` }),
    fill: `insert into team_members (user_id, name, email) select $1, 'm', n || '@example.com' from generate_series(1, $2::int) n`,
  },
  {
    ...{ name: 'customer tiers', most: 100_000, path: '/customer-tiers', remove: '/customer-tiers' },
    body: (n: number) => ({ matches: `new${n}.example`, tier: 'vip' }),
    fill: `insert into customer_tiers (user_id, matches, tier) select $1, n || '.example', 'vip' from generate_series(1, $2::int) n`,
  },
]

it.each(KINDS)('$most $name', async ({ name, most, path, body, fill, remove }) => {
  await punctual.query(fill, [ada.tenantId, most - 1])
  const both = await Promise.all([ada.post(path, body(1)), ada.post(path, body(2))])
  expect(both.map(({ status }) => status).sort()).toEqual([201, 409])
  const [kept, refused] = both.toSorted((a, b) => a.status - b.status)
  expect(refused!.body).toMatchObject({
    code: `too_many_${name.replace(' ', '_')}`,
    detail: `A tenant has at most ${most.toLocaleString('en')} ${name}`,
  })
  if (remove) {
    expect((await ada.delete(`${remove}/${kept!.body.id}`)).status).toBe(204)
    expect((await ada.post(path, body(3))).status).toBe(201)
  }
  expect((await ada.post(path, body(4))).status).toBe(409)
})

it('a list of customer tiers counts as well: one too many, and nothing of it is kept', async () => {
  const [room] = (await ada.get('/customer-tiers?limit=1')).body.data
  await ada.delete(`/customer-tiers/${room.id}`)
  const entries = ['one.example', 'two.example'].map((matches) => ({ matches, tier: 'vip' }))
  const put = (those: object[]) => ada.put('/customer-tiers', { entries: those })
  expect(await put(entries)).toMatchObject({ status: 409, body: { code: 'too_many_customer_tiers' } })
  expect((await ada.get('/customer-tiers?q=one.example')).body.data).toEqual([])
  expect((await put(entries.slice(1))).body).toMatchObject({ created: 1 })
  expect((await put([{ matches: '1.example', tier: 'enterprise' }])).body).toMatchObject({ updated: 1 })
  const both = await Promise.all([put([{ matches: 'a.example', tier: 'vip' }]), put(entries.slice(0, 1))])
  expect(both.map(({ status }) => status)).toEqual([409, 409])
})

it('customer tiers are counted whoever writes them, also by a whole account that goes', async () => {
  const cleo = await punctual.tenant('cleo')
  const counted = () =>
    punctual.query<{ user_id: string; entries: number; n: number }>(
      `select c.user_id, entries, (select count(*)::int from customer_tiers t where t.user_id = c.user_id) as n
       from customer_tier_counts c`,
    )
  for (const { entries, n } of await counted()) expect(entries).toBe(n)
  const list = [1, 2, 3].map((n) => ({ matches: `${n}.example`, tier: 'vip' }))
  await cleo.put('/customer-tiers', { entries: list })
  const ofCleo = async () => (await counted()).filter((one) => one.user_id === cleo.tenantId)
  expect(await ofCleo()).toMatchObject([{ entries: 3, n: 3 }])
  await punctual.query(`delete from "user" where id = $1`, [cleo.tenantId])
  expect(await ofCleo()).toEqual([])
})

it('another tenant has room of its own', async () => {
  const bea = await punctual.tenant('bea')
  for (const { path, body } of KINDS) expect((await bea.post(path, body(1))).status).toBe(201)
})
