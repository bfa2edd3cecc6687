import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lowerCase } from '../src/database/lower-case.js'
import { ApiClient } from './support/api-client.js'
import { startTestApp, type TestApp } from './support/test-app.js'

/** Addresses are the same where the database says so: it has the last word on two that come at once. */

const PASSWORD = 'a long password'

let punctual: TestApp
let ada: ApiClient
let stranger: ApiClient

beforeAll(async () => {
  punctual = await startTestApp()
  ada = await punctual.tenant()
  stranger = new ApiClient(punctual.baseUrl)
})

afterAll(() => punctual.stop())

describe.each([
  ['İlker', 'ilker'],
  ['ΑΝΤΡΕΑΣ', 'αντρεασ'],
  ['\u212Aelvin', 'kelvin'],
  ['ÉMILE', 'émile'],
])('%s and %s', (one, other) => {
  const [first, second] = [`${one}@example.com`, `${other}@example.com`]

  it('are one account', async () => {
    expect((await register(first)).status).toBe(201)
    expect(await register(second)).toMatchObject({ status: 409, body: { code: 'email_taken' } })
    for (const email of [first, second])
      expect((await stranger.post('/auth/login', { email, password: PASSWORD })).status).toBe(200)
  })

  it('are one member', async () => {
    expect((await ada.post('/team/members', { email: first, name: 'One' })).status).toBe(201)
    expect(await ada.post('/team/members', { email: second, name: 'Other' })).toMatchObject({
      status: 409,
      body: { code: 'member_exists' },
    })
  })

  it('are one customer', async () => {
    expect((await ada.post('/customer-tiers', { matches: first, tier: 'vip' })).status).toBe(201)
    expect((await ada.post('/customer-tiers', { matches: second, tier: 'vip' })).status).toBe(409)
    for (const address of [first, second]) {
      const { body } = await ada.post('/emails', { from: { address }, subject: 's', text: 't' })
      expect((await ada.get(`/emails/${body.id}`)).body.customerTier).toBe('vip')
    }
  })
})

it('keeps apart what the database does', async () => {
  for (const name of ['ﬁona', 'fiona', 'groß', 'gross'])
    expect((await register(`${name}@example.com`)).status, name).toBe(201)
})

it('has every letter in the lower case of the database', async () => {
  const letters = Array.from({ length: 0x1_f000 }, (_, code) => code + 1)
    .filter((code) => code < 0xd800 || code > 0xdfff)
    .map((code) => String.fromCodePoint(code))
  const rows = await punctual.query<{ letter: string; lower: string }>(
    `select letter, lower(letter) as lower from unnest($1::text[]) as letter where lower(letter) <> letter`,
    [letters],
  )
  expect(rows.length).toBeGreaterThan(1_000)
  expect(rows.filter(({ letter, lower }) => lowerCase(letter) !== lower)).toEqual([])
})

const register = (email: string) => stranger.post('/auth/register', { email, password: PASSWORD, name: 'X' })
