import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiClient } from './support/api-client.js'
import { EventStream } from './support/event-stream.js'
import { startTestApp, type TestApp } from './support/test-app.js'

const DASHBOARD = 'https://dash.example'
const ASKED = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' }

let punctual: TestApp
let ada: ApiClient

beforeAll(async () => {
  punctual = await startTestApp({ CORS_ORIGINS: `${DASHBOARD}, http://localhost:5173` })
  ada = await punctual.tenant()
})

afterAll(() => punctual.stop())

describe('a page of an origin that the operator allows', () => {
  it.each([DASHBOARD, 'http://localhost:5173'])('may ask first: %s', async (origin) => {
    for (const path of ['/events/stream', '/emails', '/auth/login']) {
      const { status, headers } = await new Page(origin).send('OPTIONS', path, undefined, ASKED)
      expect(status).toBe(204)
      expect(headers.get('access-control-allow-origin')).toBe(origin)
      expect(headers.get('vary')).toMatch(/origin/i)
      for (const name of ['authorization', 'last-event-id', 'idempotency-key', 'content-type'])
        expect(headers.get('access-control-allow-headers')).toContain(name)
    }
  })

  it('reads answers, errors and streams, and the headers that programs act on', async () => {
    const page = new Page(DASHBOARD)
    const answers = [
      await page.send('GET', '/emails', ada.token),
      await page.send('GET', '/emails', 'no token'),
      await page.send('GET', '/emails/999999', ada.token),
      await page.send('GET', '/nowhere', ada.token),
      await page.send('PUT', '/emails', ada.token),
      await page.send('GET', '/events/stream', ada.token),
    ]
    expect(answers.map(({ status }) => status)).toEqual([200, 401, 404, 404, 405, 200])
    for (const { status, headers } of answers) {
      expect(headers.get('access-control-allow-origin'), String(status)).toBe(DASHBOARD)
      expect(headers.get('vary'), String(status)).toMatch(/origin/i)
      for (const name of [
        'x-request-id',
        'retry-after',
        'ratelimit',
        'idempotency-replayed',
        'www-authenticate',
      ])
        expect(headers.get('access-control-expose-headers')).toContain(name)
    }
  })

  it('is no page of another origin', async () => {
    for (const origin of [
      'https://dash.example.evil',
      'http://dash.example',
      'https://dash.example:444',
      'null',
    ])
      for (const method of ['OPTIONS', 'GET']) {
        const { headers } = await new Page(origin).send(method, '/emails', ada.token, ASKED)
        expect(headers.get('access-control-allow-origin'), origin).toBeNull()
      }
  })

  it('asks for methods without an origin as before', async () => {
    const { status, headers } = await ada.send('OPTIONS', '/emails')
    expect([status, headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS, POST'])
  })
})

describe('EventSource, which sends no headers', () => {
  it('is let in once by a ticket, by whoever comes first', async () => {
    const ticket = await ticketOf(ada)
    const attempts = await Promise.allSettled([1, 2, 3].map(() => open(`?ticket=${ticket}`)))
    const opened = attempts.filter((attempt) => attempt.status === 'fulfilled')
    expect(opened).toHaveLength(1)
    for (const attempt of attempts)
      if (attempt.status === 'rejected') expect(String(attempt.reason)).toMatch(/401 .*ticket_refused/)
    await ada.post('/team/members', { name: 'Grace', email: 'grace@example.com' })
    const [stream] = opened.map(({ value }) => value)
    await expect.poll(() => stream!.events).toEqual(['team.member.added'])
    await stream!.close()
  })

  it('follows its own tenant, and ends with the session that asked', async () => {
    const bob = await punctual.tenant('bob')
    const stream = await open(`?ticket=${await ticketOf(bob)}`)
    await ada.post('/team/members', { name: 'Alan', email: 'alan@example.com' })
    await bob.post('/team/members', { name: 'Edsger', email: 'edsger@example.com' })
    await expect.poll(() => stream.messages.map(({ data }) => data.data.member.name)).toEqual(['Edsger'])
    const unused = await ticketOf(bob)
    expect((await bob.post('/auth/logout')).status).toBe(204)
    expect(await stream.ended).toBe(true)
    await expect(open(`?ticket=${unused}`)).rejects.toThrow(/401/)
  })

  it('is refused a ticket that is late, none, or for another route', async () => {
    const late = await ticketOf(ada)
    await punctual.query(`update stream_tickets set expires_at = now() - interval '1 second'`)
    for (const ticket of [late, 'none', '', 'x'.repeat(99)])
      await expect(open(`?ticket=${ticket}`)).rejects.toThrow(/401/)
    const good = await ticketOf(ada)
    const { status } = await new Page(DASHBOARD).send('GET', `/events?ticket=${good}`)
    expect(status).toBe(401)
    await (await open(`?ticket=${good}`)).close() // which was not used up by that
    await ticketOf(ada)
    expect(await punctual.query('select from stream_tickets where expires_at < now()')).toEqual([])
  })

  it('leaves only a hash in the database', async () => {
    const ticket = await ticketOf(ada)
    const rows = await punctual.query<{ row: string }>('select t::text as row from stream_tickets t')
    expect(rows.length).toBeGreaterThan(0)
    expect(JSON.stringify(rows)).not.toContain(ticket)
  })
})

class Page {
  constructor(private readonly origin: string) {}

  async send(method: string, path: string, token?: string, more: Record<string, string> = {}) {
    const leaving = new AbortController()
    const headers = { origin: this.origin, ...(token && { authorization: `Bearer ${token}` }), ...more }
    const response = await fetch(`${punctual.baseUrl}/api${path}`, {
      method,
      headers,
      signal: leaving.signal,
    })
    leaving.abort()
    return response
  }
}

async function ticketOf(client: ApiClient): Promise<string> {
  const { status, body } = await client.post('/events/stream/ticket')
  expect(status).toBe(201)
  return body.ticket
}

const open = (query: string) => EventStream.open(punctual.baseUrl, undefined, { query })
