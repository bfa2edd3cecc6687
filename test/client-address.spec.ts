import Fastify from 'fastify'
import { afterAll, expect, it, vi } from 'vitest'
import { parseConfig } from '../src/config/config.schema.js'
import { clientOf, isLoopback, networkOf, trustIn } from '../src/http/client-address.js'
import { ApiClient } from './support/api-client.js'
import { startTestApp, type TestApp } from './support/test-app.js'

const closing: (() => Promise<void>)[] = []
afterAll(() => Promise.all(closing.map((close) => close())))

/** What the client's address is, by TRUST_PROXY, X-Forwarded-For, and who connects. */
it.each([
  ['', '198.51.100.1', '192.0.2.9', '192.0.2.9'],
  ['none', '198.51.100.1', '192.0.2.9', '192.0.2.9'],
  ['0', '198.51.100.1', '192.0.2.9', '192.0.2.9'],
  ['1', '198.51.100.1', '192.0.2.9', '198.51.100.1'],
  ['1', '203.0.113.5, 198.51.100.1', '192.0.2.9', '198.51.100.1'],
  ['2', '203.0.113.5, 198.51.100.1', '192.0.2.9', '203.0.113.5'],
  ['3', '203.0.113.5, 198.51.100.1', '192.0.2.9', '203.0.113.5'],
  ['1', '', '192.0.2.9', '192.0.2.9'],
  ['192.0.2.0/24', '203.0.113.5, 198.51.100.1', '192.0.2.9', '198.51.100.1'],
  ['192.0.2.0/24', '198.51.100.1', '::ffff:192.0.2.9', '198.51.100.1'],
  ['192.0.2.9', '198.51.100.1', '192.0.2.9', '198.51.100.1'],
  ['192.0.2.8', '198.51.100.1', '192.0.2.9', '192.0.2.9'],
  ['10.0.0.0/8, 2001:db8::/32', '203.0.113.5, 10.1.1.1', '2001:db8::9', '203.0.113.5'],
  ['1', '198.51.100.1:4711', '192.0.2.9', '198.51.100.1'],
  ['1', '[2001:db8::1]:4711', '192.0.2.9', '2001:db8::1'],
  ['1', '::ffff:198.51.100.1', '192.0.2.9', '198.51.100.1'],
  ['1', '7', '192.0.2.9', '192.0.2.9'],
  ['1', 'unknown', '192.0.2.9', '192.0.2.9'],
  ['1', 'x'.repeat(70), '192.0.2.9', '192.0.2.9'],
])('TRUST_PROXY=%s, X-Forwarded-For: %s, from %s: %s', async (setting, forwarded, remoteAddress, client) => {
  const fastify = Fastify({ trustProxy: trustIn(parseConfig({ TRUST_PROXY: setting }).TRUST_PROXY) })
  fastify.get('/', (request) => ({ client: clientOf(request) }))
  const headers = forwarded === '' ? {} : { 'x-forwarded-for': forwarded }
  const answer = await fastify.inject({ url: '/', headers, remoteAddress })
  expect(answer.json()).toEqual({ client })
})

it.each(['11', '-1', '1.5', 'everyone', '10.0.0.0/33', '10.0.0.0/8,x'])(
  'refuses TRUST_PROXY=%s',
  (setting) => {
    expect(() => parseConfig({ TRUST_PROXY: setting })).toThrow('TRUST_PROXY')
  },
)

it('counts IPv6 clients by their first 64 bits, and knows who is on this machine', () => {
  expect(networkOf('2001:db8:1:2:3::4')).toBe(networkOf('2001:db8:1:2:ffff::'))
  expect(networkOf('2001:db8:1:2::')).not.toBe(networkOf('2001:db8:1:3::'))
  expect(networkOf('::ffff:192.0.2.1')).toBe(networkOf('192.0.2.1'))
  expect(networkOf('192.0.2.1')).not.toBe(networkOf('192.0.2.2'))
  for (const client of ['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1'])
    expect([client, isLoopback(client)]).toEqual([client, true])
  for (const client of ['128.0.0.1', '::2', '192.0.2.1', '', 'localhost'])
    expect([client, isLoopback(client)]).toEqual([client, false])
})

it('stands in the session and in the log, with user and tenant', async () => {
  const lines: object[] = []
  const behind = await start({ TRUST_PROXY: '1' })
  listenTo(behind, lines)
  const account = { email: 'ada@example.com', password: 'a long password', name: 'Ada' }
  const headers = { 'x-forwarded-for': '198.51.100.7' }
  const { body } = await new ApiClient(behind.baseUrl).post('/auth/register', account, headers)
  await new ApiClient(behind.baseUrl, body.accessToken).raw('GET', '/auth/me', undefined, headers)
  const { id, tenantId } = body.user
  await vi.waitFor(() =>
    expect(lines).toMatchObject([
      { url: '/api/auth/register', client: '198.51.100.7' },
      { url: '/api/auth/me', client: '198.51.100.7', userId: id, tenantId },
    ]),
  )
  expect(await behind.query('select ip_address from session')).toEqual([{ ip_address: '198.51.100.7' }])
})

async function start(environment: Record<string, string>): Promise<TestApp> {
  const app = await startTestApp(environment)
  closing.push(() => app.stop())
  return app
}

/** What is logged of requests. */
function listenTo({ app }: TestApp, lines: object[]): void {
  const { log } = app.getHttpAdapter().getInstance() as unknown as { log: { child: () => object } }
  const child = log.child.bind(log)
  const hear = (line: object, text: string) => void (text === 'request' && lines.push(line))
  vi.spyOn(log, 'child').mockImplementation((...given) => Object.assign(child(...given), { info: hear }))
}
