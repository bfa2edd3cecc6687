import { getMetadataStorage } from 'class-validator'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiClient } from './support/api-client.js'
import { operations } from './support/contract.js'
import { exchange, sendRaw, type RawAnswer } from './support/raw-request.js'
import { startTestApp, type TestApp } from './support/test-app.js'

/** What a body may be: by whom it is sent, how long it is, how much is in it, and what is answered. */

const KIB = 1024
const MIB = 1024 * KIB
const ANSWER_LIMIT = 16 * KIB
/** What a list or an object may have of a mail posted as JSON. */
const MOST = 3.9 * MIB

let punctual: TestApp
let ada: ApiClient

beforeAll(async () => {
  punctual = await startTestApp()
  ada = await punctual.tenant()
})

afterAll(() => punctual.stop())

describe('a body that never comes', () => {
  it.each([
    ['a stranger', 401, 'POST /api/emails', 'application/json', 1_000],
    ['a stranger with a calendar', 401, 'POST /api/sla/calendars/1/holidays/ical', 'text/calendar', 1_000],
    ['somebody lost', 404, 'POST /api/nowhere', 'application/json', 1_000],
    ['another method', 405, 'PUT /api/emails/1', 'application/json', 1_000],
  ])('is not waited for: %s has %i', async (_, status, route, type, length) => {
    expect((await announce(route, type, length)).status).toBe(status)
  })

  it.each([
    ['POST /api/auth/login', 'message/rfc822'],
    ['POST /api/auth/register', 'text/calendar'],
    ['POST /api/emails', 'message/rfc822'],
    ['POST /api/emails/inbound', 'application/json'],
    ['POST /api/sla/calendars/1/holidays/ical', 'message/rfc822'],
    ['POST /api/alerts/read-all', 'text/plain'],
  ])('is not waited for where its type is not taken: %s does not take %s', async (route, type) => {
    const answer = await announce(route, type, 1_000, ada.token)
    expect(answer).toMatchObject({ status: 415, body: { code: 'unsupported_media_type' } })
  })

  it('is not waited for from who may not', async () => {
    const agent = await punctual.tenant()
    await punctual.query(`update "user" set role = 'agent' where id = $1`, [agent.tenantId])
    const { status, body } = await agent.post('/auth/login', {
      email: (await agent.get('/auth/me')).body.email,
      password: 'a long password',
    })
    expect(status).toBe(200)
    const answer = await announce('PUT /api/customer-tiers', 'application/json', 1_000, body.accessToken)
    expect(answer.status).toBe(403)
  })
})

describe('the length of a body', () => {
  const limits: Record<string, number> = {
    'POST /api/auth/register': 16 * KIB,
    'POST /api/auth/login': 16 * KIB,
    'POST /api/auth/refresh': 16 * KIB,
    'POST /api/auth/logout': 16 * KIB,
    'PUT /api/customer-tiers': MIB,
    'POST /api/sla/calendars/{id}/holidays/ical': MIB,
    'POST /api/emails': 4 * MIB,
    'POST /api/emails/{id}/reply': 4 * MIB,
    'POST /api/emails/inbound': 25 * MIB,
  }
  const taking = operations.filter(({ method }) => method !== 'GET')

  it.each(taking.map((operation) => ({ ...operation, limit: limits[operation.name] ?? 256 * KIB })))(
    'is at most $limit bytes for $name',
    async ({ name, limit, bodyType = 'application/json' }) => {
      const route = name.replaceAll(/\{\w+\}/g, '1')
      const answer = await announce(route, bodyType, limit + 1, ada.token)
      expect(answer).toMatchObject({ status: 413, body: { code: 'payload_too_large' } })
    },
  )

  it('is as long as it turns out to be, where it is not said', async () => {
    const chunk = `${KIB.toString(16)}\r\n${'x'.repeat(KIB)}\r\n`
    const head =
      'POST /api/auth/login HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n'
    const bytes = `${head}transfer-encoding: chunked\r\n\r\n${chunk.repeat(17)}`
    expect((await exchange(punctual.baseUrl, Buffer.from(bytes))).status).toBe(413)
  })
})

describe('what is in a body', () => {
  it.each(['[]', '[0,0]', '"text"', '1', '-1', 'true', 'null', ' \n[{}]'])(
    'is an object and not %s',
    async (body) => {
      const answer = await post('/api/auth/login', body)
      expect(answer).toMatchObject({ status: 400, body: { detail: 'body must be an object' } })
    },
  )

  it.each(['null', '[]', '1', '"text"'])(
    'is an object behind however many blanks, and not %s',
    async (body) => {
      for (const blanks of [' '.repeat(200), '\n'.repeat(5_000), `\ufeff${'\t'.repeat(120)}`])
        for (const path of ['/api/auth/login', '/api/alerts/read-all'])
          expect(await post(path, blanks + body)).toMatchObject({
            status: 400,
            body: { detail: 'body must be an object' },
          })
    },
  )

  it.each([
    [' '.repeat(200), 'The body is blank: send a JSON object, or no body'],
    ['\ufeff', 'The body is blank: send a JSON object, or no body'],
    ['{"a":}', 'The body is not valid JSON'],
    ['{"__proto__":{"a":1}}', 'body must not have the property __proto__'],
    ['{"from":{"constructor":{"prototype":{}}}}', 'from must not have the property constructor'],
  ])('is refused by the rule that it breaks: %s', async (body, detail) => {
    expect((await post('/api/emails', body)).body).toMatchObject({ status: 400, detail })
  })

  it('is read after white space and a byte order mark', async () => {
    const answer = await post('/api/auth/login', '\ufeff \r\n{"email":"ada@example.com"}')
    expect(answer.body.detail).toMatch(/^password/)
  })

  it.each([
    ['zeros', list('0', MOST), /has more than 50000 values/],
    ['objects', list('{}', MOST), /has more than 50000 values/],
    ['properties', properties(MOST), /has more than 50000 values/],
    ['some thousand properties', properties(40 * KIB), /has more than 2000 properties/],
    ['nesting', `${'{"a":'.repeat(600_000)}1${'}'.repeat(600_000)}`, /nested more than 32 deep/],
  ])('is bounded in number: %s', async (_, inner, sentence) => {
    const answer = await post('/api/emails', `{"text":"a, [b], {c} \\" d","to":${inner}}`)
    expect(answer).toMatchObject({ status: 400, body: { detail: expect.stringMatching(sentence) } })
  })

  it('may be a text of four megabytes that looks like many values', async () => {
    const text = '[,{"\\'.repeat(200_000)
    const answer = await ada.post('/emails', { from: { address: 'c@example.com' }, subject: 's', text })
    expect(answer.status).toBe(201)
  })

  it.each([
    [
      'a list of too many',
      { to: Array.from({ length: 101 }, () => ({})) },
      'to must contain no more than 100 elements',
    ],
    [
      'a text that is too long',
      { from: { address: 'a'.repeat(100_000) } },
      'from.address must be shorter than or equal to 254 characters',
    ],
    ['an unknown property', { a: 1 }, 'a is not a known property'],
    ['one further in', { from: { b: 1 } }, 'from.b is not a known property'],
    ['one in a list', { to: [{}, { c: 1 }] }, 'to.1.c is not a known property'],
  ])('is refused for %s before the rest is looked at', async (_, body, detail) => {
    expect((await ada.post('/emails', body)).body).toMatchObject({ status: 400, detail })
  })

  it('may have blanks around a text that is trimmed', async () => {
    const from = { address: `${' '.repeat(300)}c@example.com` }
    expect((await ada.post('/emails', { from, subject: 's', text: 't' })).status).toBe(201)
  })

  it('has a bound for every list whose items are judged one by one', () => {
    const rules = [...getMetadataStorage()['validationMetadatas'].values()].flat()
    const lists = rules.filter(({ each }) => each)
    const unbounded = lists.filter(
      ({ target, propertyName }) =>
        !rules.some(
          (rule) =>
            rule.target === target && rule.propertyName === propertyName && rule.name === 'arrayMaxSize',
        ),
    )
    expect(lists.length).toBeGreaterThan(15)
    expect(
      unbounded.map(({ target, propertyName }) => `${(target as { name: string }).name}.${propertyName}`),
    ).toEqual([])
  })
})

describe('the answer to a bad body', () => {
  it.each([
    ['unknown properties', '/api/emails', properties(15 * KIB)],
    ['long names', '/api/emails', `{"${'\\u0001'.repeat(60_000)}":1,"${'é'.repeat(60_000)}":1}`],
    ['many entries', '/api/customer-tiers', `{"entries":${list('{"matches":"@","tier":"vip"}', 28 * KIB)}}`],
    ['faults of each entry', '/api/customer-tiers', `{"entries":${list('{"a":1,"b":2}', 13 * KIB)}}`],
    ['pauses', '/api/sla/preview', preview(`"pauses":${list('[]', 3_000)}`)],
    ['holidays', '/api/sla/preview', preview(`"holidays":${list('"x"', 4_000)}`)],
    ['overrides', '/api/sla/preview', preview(`"calendar":{"overrides":${properties(10 * KIB)}}`)],
    ['a long override', '/api/sla/preview', preview(`"calendar":{"${'é'.repeat(100_000)}":1}`)],
    ['a long path', `/api/${'é'.repeat(2_000)}`, '{}'],
  ])('has up to 20 faults, 2 KB of detail and 16 KiB in all: %s', async (_, path, body) => {
    const method = path === '/api/customer-tiers' ? 'PUT' : 'POST'
    const answer = await post(encodeURI(path), body, method)
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
    expect(answer.body.errors?.length ?? 0).toBeLessThanOrEqual(20)
    expect(Buffer.byteLength(JSON.stringify(answer.body.detail))).toBeLessThanOrEqual(2 * KIB)
    expect(Buffer.byteLength(JSON.stringify(answer.body))).toBeLessThanOrEqual(ANSWER_LIMIT)
  })
})

/** Says that a body comes, and waits for the answer without sending one. */
function announce(route: string, type: string, length: number, token?: string): Promise<RawAnswer> {
  const authorization = token ? `authorization: Bearer ${token}\r\n` : ''
  const head = `${route} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${authorization}`
  return exchange(
    punctual.baseUrl,
    Buffer.from(`${head}content-type: ${type}\r\ncontent-length: ${length}\r\n\r\n`),
  )
}

function post(path: string, body: string, method = 'POST'): Promise<RawAnswer> {
  const headers: [string, string][] = [
    ['content-type', 'application/json'],
    ['authorization', `Bearer ${ada.token}`],
  ]
  return sendRaw(punctual.baseUrl, { method, path, headers, body })
}

function list(unit: string, bytes: number): string {
  return `[${Array(Math.floor(bytes / (unit.length + 1)))
    .fill(unit)
    .join(',')}]`
}

function properties(bytes: number): string {
  return `{${Array.from({ length: bytes / 9 }, (_, i) => `"${i.toString(36).padStart(4, '0')}":0`).join(',')}}`
}

function preview(part: string): string {
  const start = '"start":"2026-01-01T00:00:00Z","timezone":"UTC","targetMinutes":1'
  return `{${start},${part.startsWith('"calendar"') ? '' : '"calendar":{"always_open":true},'}${part}}`
}
