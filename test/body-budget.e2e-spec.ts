import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { JwtGuard } from '../src/auth/auth.guard.js'
import { createPino } from '../src/http/logger.js'
import type { ApiClient } from './support/api-client.js'
import { startTestApp, type TestApp } from './support/test-app.js'

/** Bodies of more bytes than a process may hold. With 32 MB a tenant may have 25 of them, and all tenants 30. */

const MIB = 1024 * 1024
/** A busy machine takes long to read a mail of many megabytes. */
const PATIENT = { timeout: 15_000 }

const KIB_CHUNK = `400\r\n${'x'.repeat(1024)}\r\n`
const CHUNK = `${MIB.toString(16)}\r\n${'x'.repeat(MIB)}\r\n`

const lines: string[] = []
let punctual: TestApp
let ada: ApiClient
let bob: ApiClient
let refused = 0

beforeAll(async () => {
  const log = createPino('info', { write: (line) => void lines.push(line) })
  punctual = await startTestApp({ BODIES_MB: '32' }, undefined, log)
  ;[ada, bob] = [await punctual.tenant(), await punctual.tenant('bob')]
})

afterAll(() => punctual.stop())

it.each([
  ['whose length is said', `content-length: ${24 * MIB}`, 'x'.repeat(20 * MIB)],
  ['whose length is not said', 'transfer-encoding: chunked', CHUNK.repeat(20)],
])('are answered 503 with Retry-After until others have gone: bodies %s', async (_, framing, body) => {
  const two = [hold(ada, framing), hold(ada, framing)]
  const answer = Promise.race(two.map((socket) => hears(socket, '"code":"busy"')))
  for (const socket of two) socket.write(body)
  const heard = await answer
  expect(heard).toMatch(/^HTTP\/1.1 503/m)
  expect(heard).toMatch(/^retry-after: \d+$/im)
  expect(await takes(bob, 1)).toBe(true) // another tenant has room
  for (const socket of two) socket.destroy()
  await expect.poll(() => takes(ada, 24), PATIENT).toBe(true)
})

it('are no faults of ours: one line at warn, and no stack', async () => {
  const busy = () => lines.filter((line) => line.includes('"busy"')).map((line) => JSON.parse(line))
  await expect.poll(() => busy().length).toBe(refused + 2)
  for (const line of busy()) expect(line).toMatchObject({ level: 40, requestId: expect.any(String) })
  expect(JSON.stringify(busy())).not.toContain('stack')
})

it('count as they come: what is announced and never sent takes nothing from others', async () => {
  const silent = Array.from({ length: 11 }, () =>
    hold(ada, `expect: 100-continue\r\ncontent-length: ${25 * MIB}`),
  )
  await Promise.all(silent.map((socket) => hears(socket, '100 Continue')))
  expect(await takes(ada, 24)).toBe(true)
  for (const socket of silent) socket.destroy()
})

it('do not count of a client who was gone before it was clear who asks', async () => {
  const guard = punctual.app.get(JwtGuard)
  const admit = guard.admit.bind(guard)
  const judged: Promise<void>[] = []
  const spy = vi.spyOn(guard, 'admit').mockImplementation((request, reply) => {
    const closed = once(reply.raw, 'close')
    const done = closed.then(() => admit(request, reply))
    judged.push(done)
    return done
  })
  const leaving = Array.from({ length: 3 }, () => {
    const socket = hold(ada, `content-length: ${24 * MIB}`)
    socket.write('x'.repeat(60_000))
    return socket
  })
  await expect.poll(() => judged.length).toBe(3)
  for (const socket of leaving) socket.destroy()
  await Promise.all(judged)
  spy.mockRestore()
  await expect.poll(() => takes(ada, 24), PATIENT).toBe(true)
})

it('do not count of requests in a row whose connection closed before their turn', async () => {
  const socket = hold(ada, `content-length: ${MIB}`)
  socket.write(`${'x'.repeat(MIB)}${headOf(ada, `content-length: ${24 * MIB}`)}${'x'.repeat(20 * MIB)}`)
  await new Promise((resolve) => socket.write(' ', resolve))
  socket.destroy()
  await expect.poll(() => takes(ada, 24), PATIENT).toBe(true)
})

it('that turn out to be too long are told so, and may run out as well', async () => {
  const { hostname, port } = new URL(punctual.baseUrl)
  const socket = connect(Number(port), hostname).on('error', () => {})
  const refusal = hears(socket, '"code":"payload_too_large"')
  const head = 'POST /api/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n'
  socket.write(`${head}transfer-encoding: chunked\r\n\r\n${KIB_CHUNK.repeat(17)}`)
  expect(await refusal).toContain('HTTP/1.1 413')
  const next = hears(socket, '"ok"')
  socket.write(`${KIB_CHUNK}0\r\n\r\nGET /api/health/live HTTP/1.1\r\nhost: x\r\n\r\n`)
  expect(await next).toContain('HTTP/1.1 200')
  socket.write(`${head}transfer-encoding: chunked\r\n\r\n`)
  const ended = once(socket, 'close')
  for (let sent = 0; sent < 40 && !socket.destroyed; sent++) socket.write(KIB_CHUNK)
  await ended
})

it('of those who sign in have a share of their own, which takes nothing from tenants', async () => {
  const { hostname, port } = new URL(punctual.baseUrl)
  const head = 'POST /api/auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n'
  const slow = Array.from({ length: 140 }, () => connect(Number(port), hostname).on('error', () => {}))
  const refusal = Promise.race(slow.map((socket) => hears(socket, '"code":"busy"')))
  for (const socket of slow) socket.write(`${head}content-length: 16384\r\n\r\n${' '.repeat(16_000)}`)
  await refusal
  expect(await takes(ada, 24)).toBe(true)
  for (const socket of slow) socket.destroy()
})

it('that are refused may run out: the answer is read, and the connection goes on', async () => {
  const two = [hold(ada, 'transfer-encoding: chunked'), hold(ada, 'transfer-encoding: chunked')]
  const refusals = two.map((socket) => hears(socket, '"code":"busy"').then(() => socket))
  for (const socket of two) socket.write(CHUNK.repeat(20))
  const socket = await Promise.race(refusals)
  const next = hears(socket, '"ok"')
  socket.write(`${CHUNK}0\r\n\r\nGET /api/health/live HTTP/1.1\r\nhost: x\r\n\r\n`)
  expect(await next).toContain('HTTP/1.1 200')
  for (const one of two) one.destroy()
})

/** A mail whose body is under way. */
function hold(who: ApiClient, framing: string): Socket {
  const { hostname, port } = new URL(punctual.baseUrl)
  const socket = connect(Number(port), hostname).on('error', () => {}) // what is refused is cut
  socket.write(headOf(who, framing))
  return socket
}

function headOf(who: ApiClient, framing: string): string {
  const headers = ['host: x', 'content-type: message/rfc822', `authorization: Bearer ${who.token}`, framing]
  return `POST /api/emails/inbound HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`
}

/** All that came, once this has. */
function hears(socket: Socket, text: string): Promise<string> {
  let heard = ''
  return new Promise((resolve) => {
    socket.on('data', (data: Buffer) => {
      heard += data.toString('latin1')
      if (heard.includes(text)) resolve(heard)
    })
  })
}

/** Whether a body of so many MiB is read to its end: the answer then tells what is wrong with the mail, if anything. */
async function takes(who: ApiClient, mib: number): Promise<boolean> {
  const { status } = await who.postMail(Buffer.alloc(mib * MIB, 'x'))
  if (status === 503) refused++
  return status !== 503
}
