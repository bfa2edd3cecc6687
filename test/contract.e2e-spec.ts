import { afterAll, beforeAll, expect, it } from 'vitest'
import { HostResolver } from '../src/egress/host-resolver.js'
import { ApiClient, type Body } from './support/api-client.js'
import { answered } from './support/contract-check.js'
import { exampleOf, operations, type Operation } from './support/contract.js'
import { eventually } from './support/eventually.js'
import { StubResolver } from './support/stub-resolver.js'
import { startTestApp, type TestApp } from './support/test-app.js'

/**
 * A newcomer presses every button of Swagger UI in a fresh installation: each example of each request succeeds as it
 * stands there, and each answer is what the contract says (`ApiClient` looks).
 */

let punctual: TestApp
let client: ApiClient

beforeAll(async () => {
  // Deliveries go to the example's host, which must not be the world's.
  const names = new StubResolver({ 'example.com': [['127.0.0.1']] })
  punctual = await startTestApp({}, (builder) => builder.overrideProvider(HostResolver).useValue(names))
  client = new ApiClient(punctual.baseUrl)
})

afterAll(() => punctual.stop())

/** What a newcomer does first, next, and last; the rest comes in between, in the order of the document. */
const FIRST = [
  'POST /api/auth/register',
  'POST /api/auth/login',
  'POST /api/team/members',
  'POST /api/emails/inbound',
  'POST /api/emails',
  'POST /api/sla/calendars',
  'POST /api/customer-tiers',
  'POST /api/webhooks/subscribe',
  'POST /api/webhooks/{id}/test',
  'POST /api/webhooks/{id}/recover',
  'POST /api/sla/simulate',
  'POST /api/emails/{id}/sla/pause',
  'POST /api/emails/{id}/sla/resume',
]
const rankOf = ({ name, method }: Operation) => {
  if (name === 'POST /api/auth/logout') return 3
  return FIRST.includes(name) ? FIRST.indexOf(name) / 100 : method === 'DELETE' ? 2 : 1
}

it.each(operations.toSorted((a, b) => rankOf(a) - rankOf(b)))(
  '$name succeeds by its examples',
  async (operation) => {
    await prepare(operation)
    const examples = await examplesOf(operation)
    for (const [index, { body, type }] of examples.entries()) {
      const answer = operation.isEndless
        ? await beginningOf(pathOf(operation))
        : await client.raw(operation.method, pathOf(operation), body, type ? { 'content-type': type } : {})
      expect(answer.status, `${index}: ${JSON.stringify(answer.body)}`).toBeLessThan(300)
      if (answer.body?.accessToken) client.token = answer.body.accessToken
      if (answer.body?.refreshToken) client.refreshToken = answer.body.refreshToken
      answered.add(operation.name)
    }
  },
)

it('answered every operation with success', () => {
  expect(operations.map(({ name }) => name).filter((name) => !answered.has(name))).toEqual([])
})

/** An alert comes with time, and what failed may be sent again once it has. */
async function prepare({ path }: Operation): Promise<void> {
  if (path === '/api/alerts/{id}/read') {
    await punctual.advance(3 * 86_400_000)
    const { body } = await client.post('/auth/login', exampleOf({ $ref: '#/components/schemas/LoginDto' }))
    client.token = body.accessToken
    await eventually(async () => expect((await client.get('/alerts')).body.data).not.toEqual([]))
  }
  if (path.endsWith('/resend'))
    await eventually(async () => {
      const { body } = await client.get('/webhooks/1/logs/1')
      expect(body.status).not.toBe('pending')
    })
}

/** Every id is 1, the first of its kind, but for the mail with an attachment, what may be removed, and the last webhook. */
const SECOND = ['GET /api/emails/{id}/attachments/{attachmentId}', 'DELETE /api/webhooks/{id}']
const pathOf = ({ name, path, parameters }: Operation): string => {
  const first = SECOND.includes(name) || path === '/api/sla/settings/{id}' ? '2' : '1'
  const needed = parameters.filter((parameter) => parameter.in === 'query' && parameter.required)
  const query = needed.map((parameter) => `${parameter.name}=${String(parameter.schema.enum?.[0] ?? 1)}`)
  return (
    path
      .slice('/api'.length)
      .replace('{id}', first)
      .replaceAll(/\{\w+\}/g, '1') + (query.length > 0 ? `?${query.join('&')}` : '')
  )
}

async function examplesOf(operation: Operation): Promise<{ body?: string; type?: string }[]> {
  const { bodyType, bodySchema, raw, path } = operation
  if (!bodyType) return [{}]
  // A token is a secret that no document can know.
  if (path === '/api/auth/refresh')
    return [{ type: bodyType, body: JSON.stringify({ refreshToken: client.refreshToken }) }]
  const { examples } = raw.requestBody.content[bodyType]
  const values: Body[] = examples
    ? Object.values<Body>(examples).map(({ value }) => value)
    : [exampleOf(bodySchema!)]
  return values.map((value) => ({
    type: bodyType,
    body: typeof value === 'string' ? value : JSON.stringify(value),
  }))
}

async function beginningOf(path: string) {
  const leave = new AbortController()
  const headers = { authorization: `Bearer ${client.token}` }
  const { status } = await fetch(`${punctual.baseUrl}/api${path}`, { headers, signal: leave.signal })
  leave.abort()
  return { status, body: undefined as Body }
}
