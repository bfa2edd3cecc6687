import type { ServerResponse } from 'node:http'
import { setImmediate } from 'node:timers/promises'
import {
  brotliCompressSync,
  constants,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { isSuccess } from '../src/webhooks/attempt.js'
import { textOf } from '../src/webhooks/response-body.js'
import { eventually } from './support/eventually.js'
import { HttpReceiver, type Handler } from './support/http-receiver.js'
import { clientWith, type TestClient } from './support/webhook-client.js'

const TEXT = JSON.stringify({ ok: true, said: 'grüße '.repeat(50) })

let client: TestClient
let receiver: HttpReceiver
beforeAll(() => {
  client = clientWith({ WEBHOOK_ALLOW_PRIVATE_CIDRS: '127.0.0.1/32', WEBHOOK_CONCURRENCY: '3' })
})
afterAll(() => client.onApplicationShutdown())
beforeEach(async () => {
  receiver = await HttpReceiver.start()
})
afterEach(() => receiver.stop())

const post = (path = '/') => client.post(receiver.url + path, { 'x-team': 'support' }, '{"id":1}')
const answer = (status: number, headers: Record<string, string>, body: string | Buffer = '') => {
  receiver.handle = (_request, response) => void response.writeHead(status, headers).end(body)
}

it('sends what it is given, and tells what came back', async () => {
  receiver.handle = (request, response, body) =>
    void response.writeHead(200).end(`${request.method} ${request.url} ${request.headers['x-team']} ${body}`)
  expect(await post('/hooks?a=1#b')).toEqual({
    statusCode: 200,
    error: null,
    detail: null,
    responseBody: 'POST /hooks?a=1 support {"id":1}',
    retryAfterMs: null,
    durationMs: expect.any(Number),
  })
})

it('keeps its connections, however the bodies of small answers are framed', async () => {
  const framings: [number, (response: ServerResponse) => void][] = [
    [204, (response) => void response.end()],
    [200, (response) => void response.end('x'.repeat(60_000))],
    [200, (response) => (response.write('a'), response.end('b'))],
    [500, (response) => void response.end('no')],
    [302, (response) => void response.setHeader('location', '/elsewhere').end('moved')],
  ]
  for (const [status, respond] of framings) {
    receiver.handle = (_request, response) => ((response.statusCode = status), respond(response))
    expect((await post()).statusCode).toBe(status)
    await setImmediate() // undici gives a connection a turn of the loop before it is used again
  }
  expect(receiver.sockets).toHaveLength(1)
})

it('makes a connection anew now and then, and no more at once than attempts can be under way', async () => {
  const narrow = clientWith({ WEBHOOK_ALLOW_PRIVATE_CIDRS: '127.0.0.1/32', WEBHOOK_CONCURRENCY: '2' })
  let most = 0
  receiver.handle = (_request, response) => {
    most = Math.max(most, receiver.sockets.filter(({ destroyed }) => !destroyed).length)
    response.end()
  }
  const attempts = await Promise.all(Array.from({ length: 2_200 }, () => narrow.post(receiver.url, {}, '{}')))
  expect(attempts.every(isSuccess)).toBe(true)
  expect(receiver.sockets.length).toBeGreaterThan(2)
  expect(receiver.sockets.length).toBeLessThan(6)
  expect(most).toBeLessThanOrEqual(4) // an old one may still be closing
  await narrow.onApplicationShutdown()
})

it('knows yes from no', async () => {
  const ends = { 200: null, 202: null, 299: null, 300: 'redirected', 304: 'redirected', 308: 'redirected' }
  const noes = { 400: 'unexpected_status', 404: 'unexpected_status', 410: 'gone', 500: 'unexpected_status' }
  for (const [status, error] of Object.entries({ ...ends, ...noes })) {
    answer(Number(status), { location: 'http://169.254.169.254/' })
    const attempt = await post()
    expect(attempt).toMatchObject({
      statusCode: Number(status),
      error,
      detail: error && `answered ${status}`,
    })
    expect(isSuccess(attempt)).toBe(error === null)
  }
})

it('takes a status for what it says, whatever came after it', async () => {
  const cut: Handler = (_request, response) => {
    response.writeHead(statusCode, { 'content-length': 9, 'retry-after': '7' })
    response.write('part', () => setImmediate().then(() => response.destroy()))
  }
  let statusCode = 200
  receiver.handle = cut
  const yes = await post()
  expect(yes).toMatchObject({ statusCode: 200, error: 'connection_reset', responseBody: 'part' })
  expect(yes.detail).toMatch(/^answered 200, but /)
  expect(isSuccess(yes)).toBe(true)
  for (const [status, error] of [
    [410, 'gone'],
    [429, 'unexpected_status'],
    [302, 'redirected'],
  ] as const) {
    statusCode = status
    const no = await post()
    const asked = status === 429 ? 7_000 : null
    expect(no).toMatchObject({ statusCode, error, retryAfterMs: asked, responseBody: 'part' })
    expect(no.detail).toContain(`answered ${status}, but `)
    expect(isSuccess(no)).toBe(false)
  }
})

describe('a body', () => {
  const encodings: [string, Buffer][] = [
    ['gzip', gzipSync(TEXT)],
    ['X-GZIP', gzipSync(TEXT)],
    ['deflate', deflateSync(TEXT)],
    ['deflate', deflateRawSync(TEXT)],
    ['br', brotliCompressSync(TEXT)],
    ['zstd', zstdCompressSync(TEXT)],
    ['identity', Buffer.from(TEXT)],
  ]
  it.each(encodings)('in %s is decompressed', async (encoding, bytes) => {
    answer(200, { 'content-encoding': encoding }, bytes)
    expect(await post()).toMatchObject({ error: null, responseBody: TEXT })
  })

  it.each(['gzip', 'deflate', 'br', 'zstd'])(
    'that is not the %s it claims to be is taken as it is, with a remark where it came with a yes',
    async (encoding) => {
      answer(200, { 'content-encoding': encoding }, TEXT)
      const yes = await post()
      expect(yes).toMatchObject({ error: 'undecodable_body', responseBody: TEXT })
      expect(isSuccess(yes)).toBe(true)
      answer(404, { 'content-encoding': encoding }, TEXT)
      expect(await post()).toMatchObject({ error: 'unexpected_status', responseBody: TEXT })
    },
  )

  it.each(['rot13', 'gzip, br'])('in %s, which is unknown, is taken as it is', async (encoding) => {
    answer(200, { 'content-encoding': encoding }, TEXT)
    expect(await post()).toMatchObject({ error: null, responseBody: TEXT })
  })

  it('that wants a large window is taken as it is, with a remark', async () => {
    const wide: [string, Buffer][] = [
      ['br', brotliCompressSync(TEXT, { params: { [constants.BROTLI_PARAM_LGWIN]: 24 } })],
      ['zstd', zstdFrame(25, Buffer.from(TEXT))],
    ]
    expect(zstdDecompressSync(wide[1]![1]).toString()).toBe(TEXT) // so it is nothing else that is wrong with it
    for (const [encoding, bytes] of wide) {
      answer(200, { 'content-encoding': encoding }, bytes)
      expect(await post()).toMatchObject({ error: 'undecodable_body', responseBody: textOf(bytes) })
    }
  })

  it('may have 64 KiB and no more, of which 16 are kept', async () => {
    answer(200, {}, 'x'.repeat(64 * 1024))
    expect(await post()).toMatchObject({ error: null, responseBody: 'x'.repeat(16 * 1024) })
    answer(200, {}, 'x'.repeat(64 * 1024 + 1))
    expect(await post()).toMatchObject({ error: 'response_too_large' })
    answer(200, { 'content-encoding': 'gzip' }, gzipSync('x'.repeat(64 * 1024 + 1)))
    expect(await post()).toMatchObject({ error: 'response_too_large', responseBody: null })
  })

  it('is kept as PostgreSQL can keep it', () => {
    expect(textOf(Buffer.from('a\0b'))).toBe('ab')
    expect(textOf(Buffer.from('\0'))).toBeNull()
    for (const bytes of [
      Buffer.from('é'.repeat(20_000)),
      Buffer.alloc(70_000, 0xff),
      Buffer.from('a€'.repeat(9_999)),
    ]) {
      const text = textOf(bytes)!
      expect(text.isWellFormed()).toBe(true)
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(16 * 1024)
      expect(Buffer.byteLength(text)).toBeGreaterThan(16 * 1024 - 4)
    }
  })
})

it('hears a Retry-After with 429 and 503 alone', async () => {
  for (const [status, ms] of [
    [429, 7_000],
    [503, 7_000],
    [500, null],
    [200, null],
  ] as const) {
    answer(status, { 'retry-after': '7' })
    expect(await post()).toMatchObject({ statusCode: status, retryAfterMs: ms })
  }
})

it('names a port where nobody listens', async () => {
  const { url } = receiver
  await receiver.stop()
  expect(await client.post(url, {}, '{}')).toMatchObject({ error: 'connection_refused', statusCode: null })
  receiver = await HttpReceiver.start()
})

it('takes no notice of a receiver that closes its kept connections', async () => {
  for (let left = 5; left > 0; left--) {
    expect((await post()).error).toBeNull()
    const closed = receiver.sockets.at(-1)!
    closed.end()
    await eventually(() => expect(closed.destroyed).toBe(true))
  }
  expect(receiver.sockets).toHaveLength(5)
})

/** A frame with one raw block, of a window larger than the encoder at hand would choose (RFC 8878, 3.1.1). */
function zstdFrame(windowLog: number, bytes: Buffer): Buffer {
  const header = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, (windowLog - 10) << 3, 0, 0, 0])
  header.writeUIntLE((bytes.length << 3) | 1, 6, 3)
  return Buffer.concat([header, bytes])
}
