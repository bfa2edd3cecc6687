import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Config } from '../src/config/config.js'
import { furnish, type Belongings } from './support/belongings.js'
import { offContract } from './support/contract-check.js'
import { calls, operations, type Operation } from './support/contract.js'
import { hostileCases, type Case } from './support/hostile-cases.js'
import { inParallel } from './support/parallel.js'
import { exchange, sendRaw, type RawAnswer } from './support/raw-request.js'
import { Receiver } from './support/receiver.js'
import { startTestApp, type TestApp } from './support/test-app.js'

/** No input produces a 5xx, and what is refused is refused as a problem: for every operation of openapi.json. */

const NOT_HTTP = {
  garbage: 'garbage\r\n\r\n',
  'TLS to a plain port': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  'an unknown method': 'STEAL /api/emails HTTP/1.1\r\nhost: x\r\n\r\n',
  'another version': 'GET /api/emails HTTP/9.9\r\nhost: x\r\n\r\n',
  'NUL in the path': 'GET /api/\0 HTTP/1.1\r\nhost: x\r\n\r\n',
  'NUL in a header': 'GET /api/emails HTTP/1.1\r\nhost: x\r\nx: \0\r\n\r\n',
  'a header without a name': 'GET /api/emails HTTP/1.1\r\nhost: x\r\n: x\r\n\r\n',
  'headers of 20 KiB': `GET /api/emails HTTP/1.1\r\nhost: x\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`,
  'a path of 20 KiB': `GET /api/emails?q=${'x'.repeat(20_000)} HTTP/1.1\r\nhost: x\r\n\r\n`,
  'two lengths': 'POST /api/emails HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab',
  'a length and chunks':
    'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
  'a negative length': 'POST /api/emails HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n',
  'chunks that are none':
    'POST /api/auth/login HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n\r\n',
}

/** Text is text, whatever it says; and a few values happen to be right for their field. */
const LEGAL_FIELDS = new Set(
  [
    'text with line breaks/text in SQL/__proto__ as text/a number as text/blank/empty text',
    'an impossible date/a day that does not exist/a date beyond the calendar/a date before Christ',
    'null/true/fraction/empty list',
  ].flatMap((names) => names.split('/')),
)
const LEGAL_PLACES = new Set([
  ...['retryCount: zero', 'retryCount: minus zero', 'headers: empty object', 'filter: empty object'],
  ...['overlapHours: zero', 'overlapHours: minus zero'],
  // A change of nothing is a change, also when it is only tried out.
  ...['changes: empty object', 'calendar: empty object'],
])

let punctual: TestApp
let receiver: Receiver
let ada: Belongings
let sent = 0
const accepted: (Case & { label: string })[] = []

beforeAll(async () => {
  punctual = await startTestApp()
  receiver = await Receiver.start()
  ada = (await furnish(punctual, receiver, ['ada']))[0]!
})

afterAll(async () => {
  await punctual.stop()
  await receiver.stop()
  if (process.env.HOSTILE_LIST) console.log(accepted.map(({ label }) => label).join('\n'))
})

/** Removals last: what one of them takes away, the others would miss. */
const inOrder = calls.toSorted((a, b) => Number(a.method === 'DELETE') - Number(b.method === 'DELETE'))

describe.each(inOrder)('$name', (operation) => {
  it('refuses what is wrong with a problem that says so', async () => {
    const cases = hostileCases(operation, idOf, receiver.url)
    const wrongAnswers: string[] = []
    const endsSession = operation.path.endsWith('/logout')
    let { token } = endsSession ? await punctual.tenant() : ada.owner
    const tell = async (hostile: Case): Promise<void> => {
      const answer = await send(hostile, token!)
      const label = `${operation.name} · ${hostile.group} · ${hostile.wrong}`
      const complaint = complaintAbout(answer) ?? offContract({ ...hostile, ...answer })
      if (complaint) wrongAnswers.push(`${label} → ${complaint}`)
      else if (answer.status < 300) accepted.push({ ...hostile, label: `${label} → ${answer.status}` })
      // A sign-out that was carried out ends its session.
      if (endsSession && answer.status === 204) token = (await punctual.tenant()).token!
    }
    if (endsSession) for (const hostile of cases) await tell(hostile)
    else await inParallel(cases, tell)
    expect(wrongAnswers).toEqual([])
  })
})

describe.each(operations.filter(({ isPublic }) => !isPublic))('$name', (operation) => {
  it('is 401 for every credential that is none', async () => {
    const { method } = operation
    const path = operation.path.replaceAll(/\{\w+\}/g, '1')
    for (const [wrong, credential] of Object.entries(credentials())) {
      sent++
      const headers: [string, string][] = credential === null ? [] : [['authorization', credential]]
      const answer = await sendRaw(punctual.baseUrl, { method, path, headers })
      expect(answer, wrong).toMatchObject({ status: 401, body: { code: 'unauthorized' } })
      expect(complaintAbout(answer), wrong).toBeUndefined()
    }
  })
})

it('knows no other method or path', async () => {
  const paths = [...new Set(operations.map(({ path }) => path.replaceAll(/\{\w+\}/g, '1')))]
  const strange = [
    '/',
    '/api',
    '/api/',
    '//',
    '/api//emails',
    '/api/../etc/passwd',
    '/%',
    '/%00',
    '/docs/%',
    '/*',
  ]
  for (const method of ['PUT', 'TRACE', 'PROPFIND', 'QUERY'])
    for (const path of [...paths, ...strange]) {
      sent++
      const answer = await sendRaw(punctual.baseUrl, { method, path, headers: bearer() })
      expect(complaintAbout(answer), `${method} ${path}`).toBeUndefined()
      expect([400, 404, 405], `${method} ${path}`).toContain(answer.status)
    }
})

/** What Node's own parser refuses, before the application sees it. */
describe('what is not HTTP', () => {
  it.each([
    [400, 'no Host', 'GET /api/emails HTTP/1.1\r\n\r\n'],
    [
      417,
      'an unknown expectation',
      'GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\nexpect: magic\r\n\r\n',
    ],
  ])('is refused by Node itself with a bare %i: %s', async (status, _, bytes) => {
    sent++
    expect((await exchange(punctual.baseUrl, Buffer.from(bytes))).status).toBe(status)
  })

  it.each(Object.entries(NOT_HTTP))('is refused as a problem: %s', async (_, bytes) => {
    sent++
    const answer = await exchange(punctual.baseUrl, Buffer.from(bytes as string, 'latin1'))
    expect(complaintAbout(answer)).toBeUndefined()
    expect(answer.status).toBeGreaterThanOrEqual(400)
  })
})

/** Judged one by one: each of these is legal where it stands. */
it('accepts only what is legal after all', () => {
  const illegal = accepted.filter(({ group, wrong, operation }) => {
    if (group === 'field')
      return !LEGAL_PLACES.has(wrong) && !LEGAL_FIELDS.has(wrong.slice(wrong.indexOf(': ') + 2))
    // A change of nothing is a change, but one that is not there is none.
    if (group === 'body')
      return wrong === 'no body'
        ? !operation.path.endsWith('/rotate')
        : !takesNothing(operation) || wrong !== 'empty object'
    if (group === 'idempotency key') return false
    if (group !== 'query') return true
    const [parameter] = wrong.split(/[=[]/)
    const isKnown = operation.parameters.some(
      ({ name, in: place }) => place === 'query' && name === parameter,
    )
    const isText = ['q', 'category'].includes(parameter!)
    // Operations that take no filters do not look at the query.
    const looks = operation.parameters.some(({ name, in: place }) => place === 'query' && name !== 'id')
    return looks && wrong !== '&&&' && !(isKnown && isText)
  })
  expect(illegal.map(({ label }) => label)).toEqual([])
})

it('has sent thousands, and the application is well', async () => {
  console.log(
    `${sent} hostile requests over ${operations.length} operations; ${accepted.length} were legal after all`,
  )
  expect(sent).toBeGreaterThan(3_000)
  expect((await ada.owner.get('/health/ready')).status).toBe(200)
  expect(({} as Record<string, unknown>).isAdmin).toBeUndefined()
})

/** All of its body may be left out. */
const takesNothing = ({ method, path }: Operation) => method === 'PATCH' || /\/(rotate|recover)$/.test(path)

function idOf(place: string): number {
  const id = ada.ids[place]
  if (typeof id !== 'number')
    throw new Error(`Teach test/support/belongings.ts to make what ${place} asks for`)
  return id
}

function send({ headers = [], ...hostile }: Case, token: string): Promise<RawAnswer> {
  sent++
  return sendRaw(punctual.baseUrl, {
    ...hostile,
    headers: [['authorization', `Bearer ${token}`], ...headers],
  })
}

const bearer = (): [string, string][] => [['authorization', `Bearer ${ada.owner.token}`]]

function credentials(): Record<string, string | null> {
  const now = Math.floor(Date.now() / 1_000)
  const [header, payload, signature] = ada.owner.token!.split('.') as [string, string, string]
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object
  const { JWT_SECRET } = punctual.app.get(Config)
  const signed = (changes: object, secret = JWT_SECRET, algorithm = 'HS256') =>
    `Bearer ${jwt({ alg: algorithm, typ: 'JWT' }, { ...claims, ...changes }, secret)}`
  return {
    none: null,
    empty: '',
    'no token': 'Bearer',
    garbage: 'Bearer x',
    'another scheme': `Basic ${Buffer.from('ada:a long password').toString('base64')}`,
    'dots only': 'Bearer ..',
    'no JSON': `Bearer ${'%%'}.${'%%'}.x`,
    'JSON null': `Bearer ${jwt(null, null, JWT_SECRET)}`,
    'no signature': `Bearer ${header}.${payload}.`,
    'half a signature': `Bearer ${header}.${payload}.${signature.slice(0, 20)}`,
    'another payload': `Bearer ${header}.${Buffer.from(JSON.stringify({ ...claims, role: 'x' })).toString('base64url')}.${signature}`,
    'algorithm none': `Bearer ${jwt({ alg: 'none', typ: 'JWT' }, claims, '').replace(/[^.]*$/, '')}`,
    'algorithm None': `Bearer ${jwt({ alg: 'None', typ: 'JWT' }, claims, '')}`,
    'another algorithm': signed({}, JWT_SECRET, 'HS512'),
    'another secret': signed({}, 'guessed'),
    expired: signed({ iat: now - 2_000, exp: now - 1_000 }),
    'not valid yet': signed({ nbf: now + 1_000 }),
    'another issuer': signed({ iss: 'elsewhere' }),
    'another audience': signed({ aud: 'elsewhere' }),
    'very long': `Bearer ${'x'.repeat(8_000)}`,
  }
}

function jwt(header: unknown, claims: unknown, secret: string): string {
  const signed = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  const hash = (header as { alg?: string } | null)?.alg === 'HS512' ? 'sha512' : 'sha256'
  return `${signed}.${createHmac(hash, secret).update(signed).digest('base64url')}`
}

function complaintAbout({ status, contentType, body }: RawAnswer): string | undefined {
  if (status >= 200 && status < 300) return undefined
  if (status < 400 || status >= 500) return `${status} ${JSON.stringify(body).slice(0, 300)}`
  const isProblem = contentType.startsWith('application/problem+json') && body.status === status
  if (isProblem && /^[a-z0-9_]+$/.test(body.code) && body.detail?.length > 0) return undefined
  return `${status} is no problem: ${contentType} ${JSON.stringify(body).slice(0, 300)}`
}
