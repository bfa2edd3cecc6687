import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ApiClient } from './support/api-client.js'
import { startTestApp, type TestApp } from './support/test-app.js'

/** Bodies of more bytes than a process may hold. */

const MIB = 1024 * 1024

let punctual: TestApp
let ada: ApiClient

beforeAll(async () => {
  punctual = await startTestApp({ BODIES_MB: '32' })
  ada = await punctual.tenant()
})

afterAll(() => punctual.stop())

it('are answered 503 with Retry-After, until others have gone', async () => {
  const two = [hold(`content-length: ${25 * MIB}`), hold(`content-length: ${25 * MIB}`)]
  const refusal = await Promise.race(two.map((socket) => hears(socket, '"code":"busy"')))
  expect(refusal).toMatch(/^HTTP\/1.1 503/m)
  expect(refusal).toMatch(/^retry-after: \d+$/im)
  for (const socket of two) socket.destroy()
  await expect.poll(() => fits(25 * MIB)).toBe(true)
})

it('count as they come in where their length is not said', async () => {
  const two = [hold('transfer-encoding: chunked'), hold('transfer-encoding: chunked')]
  const chunk = `${MIB.toString(16)}\r\n${'x'.repeat(MIB)}\r\n`
  for (const socket of two) socket.write(chunk.repeat(20))
  await Promise.race(two.map((socket) => hears(socket, '"code":"busy"')))
  for (const socket of two) socket.destroy()
  await expect.poll(() => fits(25 * MIB)).toBe(true)
})

/** A mail whose body is under way. */
function hold(framing: string): Socket {
  const { hostname, port } = new URL(punctual.baseUrl)
  const socket = connect(Number(port), hostname).on('error', () => {}) // what is refused is cut
  socket.write(headOf(framing))
  return socket
}

function headOf(framing: string): string {
  const lines = ['host: x', 'content-type: message/rfc822', `authorization: Bearer ${ada.token}`, framing]
  return `POST /api/emails/inbound HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`
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

/** Whether a mail of so many bytes would be taken in now: one that would not is refused at once. */
async function fits(bytes: number): Promise<boolean> {
  const socket = hold(`content-length: ${bytes}`)
  const isRefused = hears(socket, 'HTTP/1.1 503').then(() => true)
  const mayWait = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 50))
  const refused = await Promise.race([isRefused, mayWait])
  socket.destroy()
  return !refused
}
