import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ApiClient } from './support/api-client.js'
import { operations } from './support/contract.js'
import { sendRaw } from './support/raw-request.js'
import { startTestApp, type TestApp } from './support/test-app.js'

let punctual: TestApp
let ada: ApiClient

beforeAll(async () => {
  punctual = await startTestApp()
  ada = await punctual.tenant()
})

afterAll(() => punctual.stop())

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND', 'QUERY']

const paths = Map.groupBy(operations, ({ path }) => path)

it.each([...paths])('%s tells which methods it has', async (path, known) => {
  const has = new Set(known.map(({ method }) => method))
  const url = path.slice('/api'.length).replaceAll(/\{\w+\}/g, '1')
  const allowed = [...has, 'OPTIONS', ...(has.has('GET') ? ['HEAD'] : [])].toSorted().join(', ')
  // fetch refuses to send TRACE.
  for (const method of METHODS.filter((name) => !has.has(name) && name !== 'TRACE')) {
    const { status, headers, body } = await ada.send(method, url)
    expect([method, status, headers.get('allow')]).toEqual([method, 405, allowed])
    expect(body.code).toBe('method_not_allowed')
  }
  const options = await ada.send('OPTIONS', url)
  expect([options.status, options.headers.get('allow')]).toEqual([204, allowed])
})

it('costs little for a path of thousands of parts, which is nobody’s', async () => {
  const costOf = async (path: string) => {
    const before = process.cpuUsage()
    for (let times = 0; times < 30; times++) {
      const { status, body } = await sendRaw(punctual.baseUrl, { method: 'GET', path })
      expect([status, body.code]).toEqual([404, 'not_found'])
    }
    const { user, system } = process.cpuUsage(before)
    return user + system
  }
  await costOf('/api/nowhere')
  // In time of this process, which a busy machine does not add to: it was forty times as much.
  expect(await costOf('/'.repeat(15_000))).toBeLessThan(5 * (await costOf('/api/nowhere')))
})

it('answers HEAD as GET, without the body', async () => {
  const { status, body } = await ada.send('HEAD', '/emails')
  expect([status, body]).toEqual([200, ''])
  // More often than there may be streams: none of them stays open.
  for (let times = 0; times < 25; times++) expect((await ada.send('HEAD', '/events/stream')).status).toBe(200)
})

it.each(['gzip', 'br', 'deflate', 'zstd', 'gzip, identity', 'x-unheard-of'])(
  'refuses a body in the coding %s, and says what it takes',
  async (coding) => {
    const headers = { 'content-type': 'application/json', 'content-encoding': coding }
    const mail = { from: { address: 'c@example.com' }, subject: 'x', text: 'x' }
    for (const body of [gzipSync(JSON.stringify(mail)), JSON.stringify(mail)])
      for (const path of ['/emails', '/auth/login']) {
        const answer = await ada.raw('POST', path, body, headers)
        expect(answer).toMatchObject({ status: 415, body: { code: 'unsupported_content_coding' } })
        expect(answer.headers.get('accept-encoding')).toBe('identity')
      }
    const plain = { 'content-type': 'application/json', 'content-encoding': 'Identity' }
    expect((await ada.raw('POST', '/emails', JSON.stringify(mail), plain)).status).toBe(201)
  },
)

const WRONG_TYPES: [string, string, object, RegExp][] = [
  ['POST', '/webhooks/subscribe', { retryCount: null }, /retryCount must be an integer number/],
  ['POST', '/webhooks/subscribe', { retryCount: '3' }, /retryCount must be an integer number/],
  ['POST', '/webhooks/subscribe', { rateLimit: [1] }, /rateLimit must be an integer number/],
  ['POST', '/webhooks/subscribe', { url: 5 }, /url must be a string/],
  ['POST', '/webhooks/subscribe', { events: 'email.received' }, /events must be an array/],
  ['POST', '/webhooks/subscribe', { filter: [] }, /filter must be an object/],
  ['POST', '/webhooks/subscribe', { filter: { mailboxIds: ['1'] } }, /mailboxIds must be an integer number/],
  ['POST', '/auth/login', { email: 5, password: 5 }, /email must be an email; password must be a string/],
  [
    'POST',
    '/emails',
    { from: null, subject: null, text: {} },
    /from must be an object; subject must be a string/,
  ],
  [
    'POST',
    '/emails',
    { receivedAt: 5, references: [5] },
    /references must be a string.*receivedAt must be an inst/,
  ],
  ['POST', '/team/members', { name: ['Ada'], email: [] }, /name must be a string; email must be an email/],
  ['POST', '/sla/settings', { name: 'x', priorities: 'high' }, /priorities must be an array/],
  ['POST', '/sla/settings', { name: 'x', position: '1' }, /position must be an integer number/],
  ['POST', '/sla/simulate', { remove: '1' }, /remove must be an integer number/],
  ['PUT', '/customer-tiers', { entries: {} }, /entries must be an array/],
  ['GET', '/emails?limit=x', {}, /limit must be an integer number/],
]

it.each(WRONG_TYPES)('%s %s names the type first: %j', async (method, path, body, sentence) => {
  const { status, body: problem } = await ada.send(method, path, method === 'GET' ? undefined : body)
  expect(status).toBe(400)
  expect(problem.detail).toMatch(sentence)
  expect(problem.detail).not.toMatch(/must not be (less|greater)|longer|shorter|valid values|unique/)
})

it('asks for the id that belongs into the query', async () => {
  for (const query of ['', '?id=', '?id=abc', '?id=0', '?id=1&id=2'])
    expect(await ada.delete(`/webhooks/subscribe${query}`), query).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'id' }] },
    })
  expect((await ada.delete('/webhooks/subscribe?id=999999')).status).toBe(404)
})

it('names the setting that would allow a refused address or port', async () => {
  const detailOf = async (url: string) =>
    (await ada.post('/webhooks/subscribe', { url, events: ['*'] })).body.detail
  for (const url of ['http://10.0.0.1/', 'https://[fd00::1]/', 'https://169.254.169.254/'])
    expect(await detailOf(url), url).toContain('WEBHOOK_ALLOW_PRIVATE_CIDRS')
  expect(await detailOf('https://example.com:8443/')).toContain('WEBHOOK_ALLOW_PORTS')
})
