import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ApiClient } from './support/api-client.js'
import { startTestApp, type TestApp } from './support/test-app.js'

let punctual: TestApp
let anyone: ApiClient

beforeAll(async () => {
  punctual = await startTestApp()
  anyone = new ApiClient(punctual.baseUrl)
})
afterAll(() => punctual.stop())

it('registers once per address, whatever its case, and keeps only an Argon2id hash', async () => {
  const input = { email: 'Grace@Example.com', password: 'correct horse battery', name: 'Grace' }
  const first = await anyone.post('/auth/register', input)
  expect(first.status).toBe(201)
  expect(first.body.user).toMatchObject({
    email: 'grace@example.com',
    role: 'admin',
    tenantId: first.body.user.id,
  })
  const second = await anyone.post('/auth/register', { ...input, email: 'grace@example.COM' })
  expect(second).toMatchObject({ status: 409, body: { code: 'email_taken' } })
  const rows = await punctual.query<{ password_hash: string }>('select password_hash from account')
  expect(rows[0]!.password_hash).toMatch(/^\$argon2id\$/)
})

it('registers once when two do it at the same moment', async () => {
  const input = { email: 'twice@example.com', password: 'correct horse battery', name: 'Twice' }
  const answers = await Promise.all([1, 2, 3, 4].map(() => anyone.post('/auth/register', input)))
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409])
})

it('signs in, and says the same of an unknown address and a wrong password', async () => {
  const good = await anyone.post('/auth/login', {
    email: 'GRACE@example.com',
    password: 'correct horse battery',
  })
  expect(good.status).toBe(200)
  const me = await new ApiClient(punctual.baseUrl, good.body.accessToken).get('/auth/me')
  expect(me.body).toMatchObject({ email: 'grace@example.com', name: 'Grace' })
  const wrong = await anyone.post('/auth/login', { email: 'grace@example.com', password: 'wrong password' })
  const unknown = await anyone.post('/auth/login', {
    email: 'nobody@example.com',
    password: 'wrong password',
  })
  expect([wrong.status, unknown.status]).toEqual([401, 401])
  expect(wrong.body.code).toBe(unknown.body.code)
  expect(wrong.body.detail).toBe(unknown.body.detail)
})

it('rotates refresh tokens, keeps none in the clear, and ends the session of one used again', async () => {
  const ada = await punctual.tenant()
  const next = await anyone.post('/auth/refresh', { refreshToken: ada.refreshToken })
  expect(next.status).toBe(200)
  expect(next.body.refreshToken).not.toBe(ada.refreshToken)
  const hashes = await punctual.query('select 1 from session where token_hash = $1', [next.body.refreshToken])
  expect(hashes).toEqual([])

  // Two tabs at the same moment: refused, but no theft.
  expect((await anyone.post('/auth/refresh', { refreshToken: ada.refreshToken })).status).toBe(401)
  const again = await anyone.post('/auth/refresh', { refreshToken: next.body.refreshToken })
  expect(again.status).toBe(200)

  // Used again later, it is in two hands.
  await punctual.query(`update session set rotated_at = now() - interval '1 minute'`)
  expect((await anyone.post('/auth/refresh', { refreshToken: next.body.refreshToken })).status).toBe(401)
  expect((await anyone.post('/auth/refresh', { refreshToken: again.body.refreshToken })).status).toBe(401)
})

it('ends access with the session', async () => {
  const ada = await punctual.tenant()
  expect((await ada.get('/auth/me')).status).toBe(200)
  expect((await ada.post('/auth/logout')).status).toBe(204)
  expect(await ada.get('/auth/me')).toMatchObject({ status: 401, body: { code: 'session_ended' } })
  expect((await anyone.post('/auth/refresh', { refreshToken: ada.refreshToken })).status).toBe(401)
})

it('refuses tokens of another algorithm, key, issuer or audience, and none', async () => {
  const { token } = await punctual.tenant()
  const claims = JSON.parse(Buffer.from(token!.split('.')[1]!, 'base64url').toString())
  const secret = 'test '.repeat(8)
  const forged = {
    none: forge({ alg: 'none' }, claims, ''),
    'another key': forge({ alg: 'HS256' }, claims, 'x'.repeat(40)),
    'another algorithm': forge({ alg: 'HS512' }, claims, secret, 'sha512'),
    'another issuer': forge({ alg: 'HS256' }, { ...claims, iss: 'else' }, secret),
    'another audience': forge({ alg: 'HS256' }, { ...claims, aud: 'else' }, secret),
    expired: forge({ alg: 'HS256' }, { ...claims, exp: 1 }, secret),
    garbage: 'a.b.c',
  }
  for (const [name, text] of Object.entries(forged))
    expect([name, (await new ApiClient(punctual.baseUrl, text).get('/auth/me')).status]).toEqual([name, 401])
  expect((await anyone.get('/auth/me')).body).toMatchObject({ status: 401, code: 'unauthorized' })
  // The forger itself works: with nothing changed, its token is good.
  const same = forge({ alg: 'HS256' }, claims, secret)
  expect((await new ApiClient(punctual.baseUrl, same).get('/auth/me')).status).toBe(200)
})

it('lets agents work the mailbox and not administer it', async () => {
  const ada = await punctual.tenant('agent')
  await punctual.query(`update "user" set role = 'agent' where id = $1`, [ada.tenantId])
  const { body } = await anyone.post('/auth/refresh', { refreshToken: ada.refreshToken })
  const agent = new ApiClient(punctual.baseUrl, body.accessToken)
  expect((await agent.get('/emails')).status).toBe(200)
  const subscription = { url: 'https://example.com/', events: ['email.received'] }
  expect(await agent.post('/webhooks/subscribe', subscription)).toMatchObject({
    status: 403,
    body: { code: 'forbidden' },
  })
  expect((await agent.post('/team/members', { name: 'X', email: 'x@example.com' })).status).toBe(403)
})

function forge(header: object, claims: object, secret: string, hash = 'sha256'): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const body = `${part({ typ: 'JWT', ...header })}.${part(claims)}`
  return `${body}.${secret && createHmac(hash, secret).update(body).digest('base64url')}`
}
