import { once } from 'node:events'
import http, { type Server } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sendRaw } from './support/raw-request.js'
import { startTestApp, type TestApp } from './support/test-app.js'

const MOST = 5

let punctual: TestApp
let server: Server

beforeAll(async () => {
  punctual = await startTestApp({ MAX_CONNECTIONS: String(MOST) })
  server = punctual.app.getHttpServer() as Server
})

afterAll(() => punctual.stop())

describe('connections', () => {
  it('that are one too many are told 503 with Retry-After, and may ask for our health', async () => {
    const held = await Promise.all(Array.from({ length: MOST }, open))
    const get = (path: string) => sendRaw(punctual.baseUrl, { method: 'GET', path })
    const refused = await get('/api/auth/me')
    expect(refused).toMatchObject({ status: 503, body: { code: 'too_many_connections' } })
    expect(refused.head).toMatch(/^retry-after: \d+$/im)
    expect((await get('/api/health/live')).status).toBe(200)
    for (const socket of held) socket.destroy()
    await expect.poll(async () => (await get('/api/auth/me')).status).toBe(401)
  })

  it('that say nothing, or stop in the middle, end once they are late', async () => {
    const { headersTimeout, requestTimeout } = server
    Object.assign(server, { headersTimeout: 1, requestTimeout: 1 })
    try {
      const head = 'POST /api/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n'
      for (const said of ['', head, `${head}content-length: 10\r\n\r\n{`]) {
        const socket = await open()
        socket.write(said)
        await once(socket.resume(), 'close', { signal: AbortSignal.timeout(15_000) })
      }
    } finally {
      Object.assign(server, { headersTimeout, requestTimeout })
    }
  })
})

it('a body that is far too long is refused so that its sender reads why', async () => {
  const url = `${punctual.baseUrl}/api/auth/register`
  const body = JSON.stringify({ name: 'x'.repeat(4_000_000) })
  const headers = { 'content-type': 'application/json', 'content-length': body.length }
  for (let turn = 0; turn < 20; turn++) {
    const request = http.request(url, { method: 'POST', headers }).end(body) // unlike fetch, it is lost to a reset
    const [answer] = (await once(request, 'response')) as [http.IncomingMessage]
    expect(answer.resume().statusCode).toBe(413)
    await once(answer, 'end')
  }
})

it('answers what still comes over a kept connection with a problem, while it stops', async () => {
  const stopping = await startTestApp()
  const live = `${stopping.baseUrl}/api/health/live`
  const { hostname, port } = new URL(live)
  const socket = connect(Number(port), hostname)
  let heard = ''
  socket.on('data', (data) => (heard += data.toString('latin1')))
  socket.write('GET /api/health/live HTTP/1.1\r\nhost: x\r\n\r\n')
  await expect.poll(() => heard).toContain('"ok"')
  socket.write('GET /api/auth/me HTTP/1.1\r\nhost: x\r\n')
  expect((await fetch(live)).status).toBe(200) // what was written before has been read
  const stopped = stopping.stop()
  await expect
    .poll(() =>
      fetch(live).then(
        ({ status }) => status,
        () => 'closed',
      ),
    )
    .toBe('closed')
  socket.write('\r\n')
  await once(socket, 'close')
  expect(heard).toContain('HTTP/1.1 503 ')
  expect(heard).toMatch(/^retry-after: \d+/im)
  expect(heard).toMatch(/^content-type: application\/problem\+json/im)
  await stopped
})

describe('HSTS', () => {
  const header = async (headers: [string, string][] = []) =>
    /^strict-transport-security: (.*)$/im.exec(
      (await sendRaw(punctual.baseUrl, { method: 'GET', path: '/api/health/live', headers })).head,
    )?.[1]

  it('is not promised over plain http', async () => {
    expect(await header()).toBeUndefined()
    expect(await header([['x-forwarded-proto', 'https']])).toBeUndefined()
  })

  it('is where a trusted proxy speaks https', async () => {
    const behind = await startTestApp({ TRUST_PROXY: '1' })
    const { head } = await sendRaw(behind.baseUrl, {
      method: 'GET',
      path: '/api/health/live',
      headers: [['x-forwarded-proto', 'https']],
    })
    expect(head).toMatch(/^strict-transport-security: max-age=\d+/im)
    await behind.stop()
  })

  it('is where we are reached by https', async () => {
    const known = await startTestApp({ PUBLIC_URL: 'https://punctual.example.com' })
    const { head } = await sendRaw(known.baseUrl, { method: 'GET', path: '/api/health/live' })
    expect(head).toMatch(/^strict-transport-security: max-age=\d+/im)
    await known.stop()
  })
})

async function open(): Promise<Socket> {
  const { hostname, port } = new URL(punctual.baseUrl)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}
