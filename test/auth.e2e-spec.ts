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

it('ends access with the session', async () => {
  const ada = await punctual.tenant()
  expect((await ada.get('/auth/me')).status).toBe(200)
  expect((await ada.post('/auth/logout')).status).toBe(204)
  expect(await ada.get('/auth/me')).toMatchObject({ status: 401, body: { code: 'session_ended' } })
  expect((await anyone.post('/auth/refresh', { refreshToken: ada.refreshToken })).status).toBe(401)
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
