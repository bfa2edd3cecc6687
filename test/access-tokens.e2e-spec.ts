import { afterAll, beforeAll, expect, it } from 'vitest'
import { ApiClient } from './support/api-client.js'
import { claimsOf, forge } from './support/forge.js'
import { startTestApp, type TestApp } from './support/test-app.js'

const HEADER = { alg: 'HS256', typ: 'JWT' }
const HOUR_SECONDS = 3_600

let punctual: TestApp
let ada: ApiClient
let claims: Record<string, unknown>

beforeAll(async () => {
  punctual = await startTestApp()
  ada = await punctual.tenant()
  claims = claimsOf(ada.token!)
})
afterAll(() => punctual.stop())

it('takes what it signed, and what is signed alike', async () => {
  expect((await asks(ada.token!)).status).toBe(200)
  expect((await asks(forge(HEADER, claims))).status).toBe(200)
})

it('refuses tokens of another algorithm, key, issuer or audience, and none', async () => {
  await allRefused({
    'no algorithm': forge({ ...HEADER, alg: 'none' }, claims, ''),
    'another key': forge(HEADER, claims, 'x'.repeat(40)),
    'another algorithm': forge({ ...HEADER, alg: 'HS512' }, claims, undefined, 'sha512'),
    'another issuer': forge(HEADER, { ...claims, iss: 'else' }),
    'another audience': forge(HEADER, { ...claims, aud: 'else' }),
    garbage: 'a.b.c',
  })
  expect((await new ApiClient(punctual.baseUrl).get('/auth/me')).body).toMatchObject({
    status: 401,
    code: 'unauthorized',
  })
})

it('refuses headers that ours do not have, although the signature is good', async () => {
  await allRefused({
    'an unknown critical extension': forge({ ...HEADER, crit: ['exp'], exp: 1 }, claims),
    'an empty list of critical extensions': forge({ ...HEADER, crit: [] }, claims),
    'crit that is no list': forge({ ...HEADER, crit: null }, claims),
    'no type': forge({ alg: 'HS256' }, claims),
    'another type': forge({ ...HEADER, typ: 'at+jwt' }, claims),
    'a type that is no text': forge({ ...HEADER, typ: ['JWT'] }, claims),
    'a list of algorithms': forge({ ...HEADER, alg: ['HS256'] }, claims),
    'a header that is null': forge(null, claims),
    'a header that is a list': forge([HEADER], claims),
  })
})

it('refuses claims that are missing or malformed, although the signature is good', async () => {
  const now = Math.floor(Date.now() / 1_000)
  const wrong: Record<string, unknown[]> = {
    sid: [undefined, null, '', 'x', 7, {}, [claims.sid], '00000000-0000-0000-0000-00000000000g', '\0'],
    sub: [undefined, null, '', 'x', 7, {}, [claims.sub], crypto.randomUUID()],
    exp: [undefined, null, '', `${now + HOUR_SECONDS}`, 1, now, -1, 1e300, {}, [now + HOUR_SECONDS]],
    iat: [undefined, null, `${now}`, now + HOUR_SECONDS, 1e300, -1, {}],
    nbf: [null, 'x', now + HOUR_SECONDS],
  }
  const forged = Object.entries(wrong).flatMap(([claim, values]) =>
    values.map((value) => [
      `${claim}: ${JSON.stringify(value)}`,
      forge(HEADER, { ...claims, [claim]: value }),
    ]),
  )
  await allRefused(Object.fromEntries(forged) as Record<string, string>)
  await allRefused({
    'claims that are null': forge(HEADER, null),
    'claims that are a list': forge(HEADER, [claims]),
    'claims that are text': forge(HEADER, 'claims'),
  })
})

it("refuses another session's id, and believes no other tenant or role than the database's", async () => {
  const eve = await punctual.tenant('eve')
  const { sid, tid } = claimsOf(eve.token!)
  await allRefused({ 'another session': forge(HEADER, { ...claims, sid }) })
  const { body } = await asks(forge(HEADER, { ...claims, tid, role: 'agent' }))
  expect(body).toMatchObject({ tenantId: ada.tenantId, role: 'admin' })
})

const asks = (token: string) => new ApiClient(punctual.baseUrl, token).get('/auth/me')

async function allRefused(tokens: Record<string, string>): Promise<void> {
  for (const [name, token] of Object.entries(tokens))
    expect([name, (await asks(token)).status]).toEqual([name, 401])
}
