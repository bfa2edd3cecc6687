import { afterAll, beforeAll, expect, it } from 'vitest'
import { isSuccess, type Attempt } from '../src/webhooks/attempt.js'
import { watchSockets } from './support/dialled.js'
import { eventually } from './support/eventually.js'
import { HostileReceiver, MISBEHAVIOURS, WELL_BEHAVED } from './support/hostile-receiver.js'
import { inOwnProcess } from './support/own-process.js'
import { clientWith, type TestClient } from './support/webhook-client.js'

/** How each misbehaviour of a receiver ends. */
const ENDS: Record<string, Partial<Attempt>> = {
  '/endless-body': { error: 'response_too_large', statusCode: 200 },
  '/gigabyte': { error: 'response_too_large', statusCode: 200 },
  '/until-close': { error: 'response_too_large', statusCode: 200 },
  '/dripping-body': { error: 'timed_out', statusCode: 200 },
  '/gone-and-endless': { error: 'gone', statusCode: 410 },
  '/gzip-bomb': { error: 'response_too_large', statusCode: 200 },
  '/brotli-bomb': { error: 'response_too_large', statusCode: 200 },
  '/header-flood': { error: 'headers_too_large', statusCode: null },
  '/endless-header': { error: 'headers_too_large', statusCode: null },
  '/endless-trailers': { error: 'headers_too_large', statusCode: 200 },
  '/endless-status': { error: 'response_too_large', statusCode: null },
  '/endless-extension': { error: 'response_too_large', statusCode: 200 },
  '/endless-hints': { error: 'invalid_response', statusCode: null },
  '/dripping-headers': { error: 'timed_out', statusCode: null },
  '/reset': { error: 'connection_reset', statusCode: null },
  '/closed': { error: 'connection_reset', statusCode: null },
  '/reset-in-body': { error: 'connection_reset', statusCode: 200 },
  '/closed-in-body': { error: 'connection_reset', statusCode: 200 },
  '/closed-in-chunks': { error: 'connection_reset', statusCode: 200 },
  '/closed-in-last-chunks': { error: 'connection_reset', statusCode: 200 },
  '/closed-after-promise': { error: 'connection_reset', statusCode: 200 },
  '/body-after-204': { error: 'connection_reset', statusCode: 204 },
  '/garbage': { error: 'invalid_response', statusCode: null },
  '/http-2': { error: 'invalid_response', statusCode: null },
  '/upgrade': { error: 'invalid_response', statusCode: null },
  '/silence': { error: 'timed_out', statusCode: null },
  '/never-read': { error: 'timed_out', statusCode: null },
}
const LONG_YESES = ['/endless-body', '/gigabyte', '/until-close']
/** Their status was read: a yes is a yes, whatever comes after it. */
const SUCCESSES = Object.keys(ENDS).filter((path) => `${ENDS[path]!.statusCode}`.startsWith('20'))

const sockets = watchSockets()
let client: TestClient
let receiver: HostileReceiver
beforeAll(async () => {
  client = clientWith({ WEBHOOK_ALLOW_PRIVATE_CIDRS: '127.0.0.1/32', WEBHOOK_TIMEOUT_MS: '1000' })
  receiver = await HostileReceiver.start()
})
afterAll(async () => {
  sockets.stop()
  await client.onApplicationShutdown()
  await receiver.stop()
})

it('knows how each misbehaviour ends', () => {
  expect(Object.keys(ENDS)).toEqual(MISBEHAVIOURS)
})

it.each(MISBEHAVIOURS)(
  'ends with a name, and neither keeps the connection nor makes another: %s',
  async (path) => {
    const attempt = await client.post(receiver.url + path, {}, '{"id":1}')
    expect(attempt).toMatchObject(ENDS[path]!)
    expect(attempt.detail).toBeTruthy()
    expect(isSuccess(attempt)).toBe(SUCCESSES.includes(path))
    if (LONG_YESES.includes(path)) expect(attempt.responseBody).toBe('x'.repeat(16 * 1024))
    await eventually(() => expect(sockets.open()).toBe(0))
    expect(sockets.ports()).toEqual([receiver.port])
  },
)

it('takes less than 20 MB more than good receivers do, however often', async () => {
  const { grown, attempts, before } = await inOwnProcess<Record<'grown' | 'attempts' | 'before', number>>(
    'hostile-memory.ts',
    [receiver.url, WELL_BEHAVED.join(','), MISBEHAVIOURS.join(',')],
    { flags: ['--expose-gc'] },
  )
  const mb = (bytes: number) => (bytes / 1e6).toFixed(1)
  console.log(
    `FIGURE hostile-rss-growth-mb ${mb(grown)} (${attempts} attempts, ten at once, from ${mb(before)})`,
  )
  expect(grown).toBeLessThan(20e6)
})
