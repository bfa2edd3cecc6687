import { readFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import type { Attempt } from '../src/webhooks/attempt.js'
import { watchSockets } from './support/dialled.js'
import { eventually } from './support/eventually.js'
import { HttpReceiver } from './support/http-receiver.js'
import { StubResolver } from './support/stub-resolver.js'
import { clientWith } from './support/webhook-client.js'

const file = (name: string) => readFileSync(`test/fixtures/tls/${name}`, 'utf8')
/** Made out to receiver.example.com by an authority of our own. */
const identity = { ALPNProtocols: ['h2', 'http/1.1'], key: file('receiver.key'), cert: file('receiver.pem') }
const RECEIVER = 'receiver.example.com'
const OTHER = 'other.example.com'

const authorities = getCACertificates()
let receiver: HttpReceiver
beforeAll(() => setDefaultCACertificates([...authorities, file('authority.pem')]))
afterAll(() => setDefaultCACertificates(authorities))
beforeEach(async () => {
  receiver = await HttpReceiver.start(identity)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await receiver.stop()
})

it('is spoken over HTTP/1.1 to a receiver that is who it says', async () => {
  receiver.handle = (request, response) => void response.end(`${request.httpVersion} ${request.headers.host}`)
  expect(await post(RECEIVER)).toMatchObject({
    statusCode: 200,
    error: null,
    responseBody: `1.1 ${RECEIVER}:${receiver.port}`,
  })
})

it('takes the final dot of a name for nothing', async () => {
  expect(await post(`${RECEIVER}.`)).toMatchObject({ statusCode: 204, error: null })
})

it('refuses a certificate of another name', async () => {
  const attempt = await post(OTHER)
  expect(attempt).toMatchObject({ statusCode: null, error: 'tls_failed' })
  expect(attempt.detail).toContain(OTHER)
  expect(receiver.requests).toEqual([])
})

it('refuses a certificate of an unknown authority, whatever the environment says', async () => {
  setDefaultCACertificates(authorities)
  try {
    for (const verify of ['1', '0']) {
      vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', verify)
      expect(await post(RECEIVER)).toMatchObject({ statusCode: null, error: 'tls_failed' })
    }
    expect(receiver.requests).toEqual([])
  } finally {
    setDefaultCACertificates([...authorities, file('authority.pem')])
  }
})

it.each([
  ['garbage', 'tls_failed'],
  ['a reset', 'connection_reset'],
  ['silence', 'timed_out'],
] as const)('ends with a name where %s comes instead of TLS', async (kind, error) => {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    if (kind === 'garbage') socket.end('220 mail.example.com ESMTP ready\r\n')
    if (kind === 'a reset') socket.once('data', () => socket.resetAndDestroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const sockets = watchSockets()
  try {
    expect(await post(RECEIVER, (server.address() as AddressInfo).port)).toMatchObject({
      error,
      statusCode: null,
    })
    await eventually(() => expect(sockets.open()).toBe(0))
    expect(sockets.ports()).toHaveLength(1)
  } finally {
    sockets.stop()
    server.close()
  }
})

async function post(name: string, port = receiver.port): Promise<Attempt> {
  const settings = { WEBHOOK_ALLOW_PRIVATE_CIDRS: '127.0.0.1/32', WEBHOOK_ALLOW_PORTS: `${port}` }
  const resolver = new StubResolver({ [RECEIVER]: [['127.0.0.1']], [OTHER]: [['127.0.0.1']] })
  const client = clientWith({ ...settings, WEBHOOK_TIMEOUT_MS: '1000' }, resolver)
  try {
    return await client.post(`https://${name}:${port}/`, {}, '{}')
  } finally {
    await client.onApplicationShutdown()
  }
}
