import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { watchSockets } from './support/dialled.js'
import { eventually } from './support/eventually.js'
import { HttpReceiver } from './support/http-receiver.js'
import { inOwnProcess } from './support/own-process.js'
import { StubResolver } from './support/stub-resolver.js'
import { clientWith } from './support/webhook-client.js'

const allowing = { WEBHOOK_ALLOW_PRIVATE_CIDRS: '127.0.0.1/32' }
let receiver: HttpReceiver
beforeEach(async () => {
  receiver = await HttpReceiver.start()
})
afterEach(() => receiver.stop())

describe('redirects', () => {
  const wanted = JSON.parse(readFileSync('test/conformance/ssrf-refused.json', 'utf8')) as {
    url: string
    why: string
  }[]
  const redirects = wanted.filter(({ why }) => why.startsWith('redirect'))
  const LOCATIONS: Record<string, [number, Record<string, string>]> = {
    '/301': [301, { location: 'http://169.254.169.254/latest/meta-data/' }],
    '/302-relative': [302, { location: '//127.0.0.1/' }],
    '/307': [307, { location: '/elsewhere' }],
    '/303-scheme': [303, { location: 'file:///etc/passwd' }],
    '/refresh': [200, { refresh: '0;url=http://127.0.0.1/' }],
  }

  it.each(redirects)('are not followed: $why', async ({ url }) => {
    const { pathname } = new URL(url)
    const [status, headers] = LOCATIONS[pathname]!
    receiver.handle = (_request, response) => void response.writeHead(status, headers).end()
    const client = clientWith(allowing)
    const sockets = watchSockets()
    try {
      const attempt = await client.post(receiver.url + pathname, {}, '{}')
      expect(attempt).toMatchObject({ statusCode: status, error: status === 200 ? null : 'redirected' })
      await client.onApplicationShutdown()
      expect(sockets.ports()).toEqual([receiver.port])
      expect(receiver.requests).toEqual([`POST ${pathname}`])
    } finally {
      sockets.stop()
    }
  })
})

it('asks for a name’s addresses at each connection, dials what it checked, and refuses the next answer', async () => {
  const settings = { ...allowing, WEBHOOK_ALLOW_PORTS: `${receiver.port}` }
  const resolver = new StubResolver({
    'rebind.hook.test': [['127.0.0.1'], ['127.0.0.2'], ['127.0.0.1', '127.0.0.2']],
  })
  const client = clientWith(settings, resolver)
  const post = () => client.post(`http://rebind.hook.test:${receiver.port}/`, {}, '{}')
  const sockets = watchSockets()
  try {
    expect(await post()).toMatchObject({ statusCode: 204 })
    expect(receiver.sockets.map(({ localAddress }) => localAddress)).toEqual(['127.0.0.1'])
    expect(sockets.ports()).toEqual([receiver.port])
    expect(resolver.asked).toHaveLength(1)
    receiver.sockets[0]!.destroy()
    await eventually(async () => expect((await post()).error).toBe('refused_address'))
    expect(await post()).toMatchObject({ error: 'refused_address', statusCode: null }) // one of its two is refused
    expect(sockets.ports()).toEqual([])
    expect(receiver.requests).toHaveLength(1)
  } finally {
    sockets.stop()
    await client.onApplicationShutdown()
  }
})

it('asks no proxy that the environment names, and its kept connections let the process end', async () => {
  const proxied: string[] = []
  const take = ({ method, url }: IncomingMessage) => proxied.push(`${method} ${url}`)
  const proxy = createServer((request, response) => (take(request), response.writeHead(407).end()))
  proxy.on('connect', (request, socket) => (take(request), socket.end('HTTP/1.1 407 No\r\n\r\n')))
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'].flatMap((name) => [name, name.toLowerCase()])
  const environment = Object.fromEntries(names.map((name) => [name, address]))
  try {
    const none = { NODE_USE_ENV_PROXY: '1', NO_PROXY: '', no_proxy: '' }
    const { attempt, isFetched } = await inOwnProcess<{ attempt: object; isFetched: boolean }>(
      'one-post.ts',
      [receiver.url],
      { environment: { ...environment, ...none } },
    )
    expect(attempt).toMatchObject({ statusCode: 204, error: null })
    expect(receiver.requests).toEqual(['POST /'])
    // The control: what obeys the environment did ask the proxy.
    expect({ isFetched, proxied }).toEqual({
      isFetched: false,
      proxied: [`CONNECT 127.0.0.1:${receiver.port}`],
    })
  } finally {
    proxy.close()
  }
})
