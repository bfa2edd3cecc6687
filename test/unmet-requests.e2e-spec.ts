import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createPino } from '../src/http/logger.js'
import type { ApiClient } from './support/api-client.js'
import { exchange, sendRaw } from './support/raw-request.js'
import { startTestApp, type TestApp } from './support/test-app.js'

/** Requests that Node would refuse by itself, cut off, or take for others. */

const lines: string[] = []
const log = createPino('info', { write: (line) => void lines.push(line) })
let punctual: TestApp
let ada: ApiClient

beforeAll(async () => {
  punctual = await startTestApp({ NODE_ENV: 'production', REGISTRATION: 'open' }, undefined, log)
  ada = await punctual.tenant()
})
afterAll(() => punctual.stop())
beforeEach(() => {
  lines.length = 0
})

it.each([
  ['an expectation', 417, 'expectation_failed', 'host: x\r\nexpect: foo'],
  ['no host', 400, 'malformed_request', 'accept: */*'],
])('are answered with a problem, and logged: %s', async (_, status, code, header) => {
  for (const path of ['/api/emails', '/nowhere', '/api/health/live']) {
    const head = `GET ${path} HTTP/1.1\r\nconnection: close\r\n${header}\r\n\r\n`
    const answer = await exchange(punctual.baseUrl, Buffer.from(head))
    expect(answer).toMatchObject({ status, body: { status, code } })
    expect(answer.contentType).toMatch(/^application\/problem\+json/)
    expect(answer.head).toMatch(/^x-request-id: /im)
  }
  await expect.poll(() => logged('request').map((line) => line.status)).toEqual([status, status, status])
})

it('may lack a host where HTTP/1.0 speaks, and may wait for 100 Continue', async () => {
  const old = 'GET /api/health/live HTTP/1.0\r\n\r\n'
  expect((await exchange(punctual.baseUrl, Buffer.from(old))).status).toBe(200)
  const socket = open('POST /api/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n')
  socket.write('content-length: 2\r\nexpect: 100-continue\r\n\r\n')
  await hears(socket, '100 Continue')
  socket.write('{}')
  expect(await hears(socket, 'validation_failed')).toContain('HTTP/1.1 400')
  socket.destroy()
})

it('have a Content-Type where they have a body, and the refusal says which', async () => {
  const asked: [path: string, type: string][] = [
    ['/api/emails', 'application/json'],
    ['/api/emails/inbound', 'message/rfc822'],
  ]
  for (const [path, type] of asked) {
    const headers: [string, string][] = [['authorization', `Bearer ${ada.token}`]]
    const answer = await sendRaw(punctual.baseUrl, { method: 'POST', path, headers, body: '{}' })
    expect(answer).toMatchObject({ status: 415, body: { detail: expect.stringContaining(type) } })
  }
})

it('leave a line in the log when they are cut off in their body', async () => {
  const head = 'POST /api/emails?q=secret HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n'
  const socket = open(
    `${head}authorization: Bearer ${ada.token}\r\nexpect: 100-continue\r\ncontent-length: 100\r\n\r\n{`,
  )
  await hears(socket, '100 Continue') // the server reads its headers
  socket.destroy()
  await expect.poll(() => logged('request cut off').length).toBe(1)
  expect(logged('request cut off')[0]).toMatchObject({
    url: '/api/emails',
    client: '127.0.0.1',
    tenantId: ada.tenantId,
  })
})

it('leave a line in the log when nobody waits for their answer', async () => {
  const socket = open(
    `GET /api/events/stream HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${ada.token}\r\n\r\n`,
  )
  await hears(socket, 'text/event-stream')
  socket.destroy()
  await expect.poll(() => logged('request cut off').map(({ url }) => url)).toEqual(['/api/events/stream'])
})

it('get no second answer in the midst of the first', async () => {
  const head = `GET /api/events/stream HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${ada.token}\r\n\r\n`
  const socket = open(head)
  let heard = ''
  socket.on('data', (data: Buffer) => (heard += data.toString('latin1')))
  await expect.poll(() => heard).toContain('text/event-stream')
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.write('garbage that is no HTTP\r\n\r\n')
  await closed
  expect(heard.match(/HTTP\/1\.1 /g)).toHaveLength(1)
})

it('get no second answer when the rest of what was refused is late', async () => {
  const server = punctual.app.getHttpServer() as { requestTimeout: number; headersTimeout: number }
  const { requestTimeout, headersTimeout } = server
  Object.assign(server, { headersTimeout: 1, requestTimeout: 1 })
  const head = 'POST /api/emails HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n'
  const socket = open(`${head}content-length: 10\r\n\r\n`) // without a token
  let heard = ''
  socket.on('data', (data: Buffer) => (heard += data.toString('latin1')))
  await new Promise((resolve) => socket.once('close', resolve))
  Object.assign(server, { requestTimeout, headersTimeout })
  expect(heard.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 401'])
})

it('that tell of a proxy nobody trusts are warned of, once', async () => {
  const tell = (header: [string, string]) =>
    sendRaw(punctual.baseUrl, { method: 'GET', path: '/api/health/live', headers: [header] })
  const warnings = () => lines.filter((line) => line.includes('TRUST_PROXY'))
  await tell(['x-request-id', 'none'])
  expect(warnings()).toEqual([])
  await tell(['x-forwarded-for', '192.0.2.1'])
  await tell(['forwarded', 'for=192.0.2.1'])
  expect(warnings()).toHaveLength(1)
  expect(JSON.parse(warnings()[0]!)).toMatchObject({ level: 40 })
})

const logged = (message: string) =>
  lines.map((line) => JSON.parse(line)).filter(({ msg }: { msg: string }) => msg === message)

function open(text: string): Socket {
  const { hostname, port } = new URL(punctual.baseUrl)
  const socket = connect(Number(port), hostname).on('error', () => {})
  socket.write(text)
  return socket
}

function hears(socket: Socket, text: string): Promise<string> {
  let heard = ''
  return new Promise((resolve) => {
    socket.on('data', (data: Buffer) => {
      heard += data.toString('latin1')
      if (heard.includes(text)) resolve(heard)
    })
  })
}
