import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { clientWith, type TestClient } from './support/webhook-client.js'

/** What HTTP/1.1 demands that a client can read, however it is cut into packets. */

let server: Server
let client: TestClient
let answer: (socket: Socket) => void
beforeAll(async () => {
  client = clientWith({ WEBHOOK_ALLOW_PRIVATE_CIDRS: '127.0.0.1/32', WEBHOOK_TIMEOUT_MS: '5000' })
  server = createServer((socket) => {
    socket.setNoDelay(true)
    socket.on('error', () => {}).on('data', () => answer(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  await client.onApplicationShutdown()
  await new Promise((resolve) => server.close(resolve))
})

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'
const FOLDED = 'HTTP/1.1 200 OK\r\nx-odd: a\r\n b\r\n\tc\r\ncontent-length:\r\n 2\r\n\r\nok'
const WITH_FIELDS = 'HTTP/1.1 100 Continue\r\nx-a: b\r\n\r\n'

it.each([
  ['100 Continue, then 200', [CONTINUE + OK]],
  ['100 Continue, and 200 later', [CONTINUE, OK]],
  ['several of them, with fields', [CONTINUE + WITH_FIELDS, CONTINUE + OK]],
  ['a packet for each byte', [...(CONTINUE + OK)]],
  ['100 Continue, then 103, then 200', [`${CONTINUE}HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${OK}`]],
  ['103, then 100 Continue, then 200', [`HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${CONTINUE}${OK}`]],
  ['a folded header line', [FOLDED]],
  ['a fold that is cut', [FOLDED.slice(0, 28), FOLDED.slice(28)]],
  ['a fold after 100 Continue', [CONTINUE + FOLDED]],
  ['a fold in 103, after 100', [`${CONTINUE}HTTP/1.1 103 Early Hints\r\nlink: a\r\n b\r\n\r\n${OK}`]],
  ['nothing odd', [OK]],
])('reads %s, twice over the same connection', async (_what, packets) => {
  answer = (socket) => send(socket, packets)
  const { port } = server.address() as AddressInfo
  for (const _ of [1, 2])
    expect(await client.post(`http://127.0.0.1:${port}/`, {}, '{}')).toMatchObject({
      statusCode: 200,
      error: null,
      responseBody: 'ok',
    })
})

it('leaves a body as it is that looks like a head', async () => {
  const text = `${CONTINUE}a\r\n b`
  answer = (socket) => send(socket, [`HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\n\r\n`, text])
  const { port } = server.address() as AddressInfo
  expect((await client.post(`http://127.0.0.1:${port}/`, {}, '{}')).responseBody).toBe(text)
})

it('says so where 100 Continue is all that comes, or comes without end', async () => {
  const { port } = server.address() as AddressInfo
  answer = (socket) => void socket.end(CONTINUE)
  expect(await client.post(`http://127.0.0.1:${port}/`, {}, '{}')).toMatchObject({
    error: 'connection_reset',
  })
  answer = (socket) => void socket.write(CONTINUE.repeat(40_000))
  expect(await client.post(`http://127.0.0.1:${port}/`, {}, '{}')).toMatchObject({
    statusCode: null,
    error: 'response_too_large',
  })
})

it.each([
  'HTTP/1.1 200 OK\ncontent-length: 2\n\nok',
  'HTTP/1.1 200 OK\r\ncontent-length: 2\n\r\nok',
  'HTTP/1.1 200 OK\r\ncontent-length: 2\n\nok',
  'HTTP/1.0 200 OK\nserver: x\n\nok',
])('says at once that lines which end without CR cannot be read: %j', async (text) => {
  answer = (socket) => void socket.write(text)
  const { port } = server.address() as AddressInfo
  const { error } = await client.post(`http://127.0.0.1:${port}/`, {}, '{}')
  expect(['invalid_response', 'connection_reset']).toContain(error) // by what the parser makes of it, not by the deadline
})

/** In packets of their own. */
async function send(socket: Socket, packets: string[]): Promise<void> {
  for (const packet of packets) {
    await new Promise((resolve) => socket.write(packet, resolve))
    await new Promise((resolve) => setTimeout(resolve, packets.length > 9 ? 1 : 20))
  }
}
