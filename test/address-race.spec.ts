import { createServer, Socket, type AddressInfo, type Server } from 'node:net'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { dialFirst } from '../src/egress/address-race.js'
import { StubResolver } from './support/stub-resolver.js'
import { clientWith } from './support/webhook-client.js'

const NEVER_MS = 60_000

let server: Server
let port: number
beforeEach(async () => {
  server = createServer((socket) => void socket.on('error', () => {}))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
afterEach(async () => {
  vi.restoreAllMocks()
  await new Promise((resolve) => server.close(resolve))
})

const dial = (addresses: string[], timeoutMs = NEVER_MS) =>
  new Promise<string>((resolve) =>
    dialFirst(addresses, port, timeoutMs, (error, socket) => {
      resolve(error ? error.message : `${socket!.remoteAddress}`)
      socket?.destroy()
    }),
  )

it('reaches a first address that is slower than the head start, though the next one is refused meanwhile', async () => {
  const dialled = slowDown('127.0.0.1', (addresses) => addresses.includes('127.0.0.2'))
  expect(await dial(['127.0.0.1', '127.0.0.2'])).toBe('127.0.0.1')
  expect(dialled).toEqual(['127.0.0.1', '127.0.0.2'])
})

it('takes the next address where the first is silent, and lets go of that one', async () => {
  const dialled = slowDown('192.0.2.1', () => false)
  expect(await dial(['192.0.2.1', '127.0.0.1'])).toBe('127.0.0.1')
  expect(dialled).toEqual(['192.0.2.1', '127.0.0.1'])
})

it('dials both families by turns, and nothing else', async () => {
  const dialled = slowDown('none', () => false)
  const fates = await dial(['127.0.0.2', '127.0.0.3', '::1'])
  expect(dialled).toEqual(['127.0.0.2', '::1', '127.0.0.3'])
  expect(fates).toMatch(/127\.0\.0\.2 \(ECONNREFUSED\), ::1 \(E\w+\), 127\.0\.0\.3 \(ECONNREFUSED\)/)
})

it('names each address and its fate in the detail of the attempt', async () => {
  slowDown('127.0.0.9', () => false)
  const names = { 'dual.hook.test': [['127.0.0.2', '127.0.0.9']], 'one.hook.test': [['127.0.0.2']] }
  const settings = { WEBHOOK_ALLOW_PRIVATE_CIDRS: '127.0.0.0/8', WEBHOOK_TIMEOUT_MS: '1000' }
  const client = clientWith({ ...settings, WEBHOOK_ALLOW_PORTS: `${port}` }, new StubResolver(names))
  expect(await client.post(`http://dual.hook.test:${port}/`, {}, '{}')).toMatchObject({
    error: 'timed_out',
    detail: expect.stringMatching(/127\.0\.0\.2 \(ECONNREFUSED\), 127\.0\.0\.9 \(no answer within \d+ ms\)/),
  })
  expect(await client.post(`http://one.hook.test:${port}/`, {}, '{}')).toMatchObject({
    error: 'connection_refused',
    detail: 'could not connect to 127.0.0.2 (ECONNREFUSED)',
  })
  await client.onApplicationShutdown()
})

it('lets the process go on when a socket errs that lost the race, or after it has won', async () => {
  const sockets: Socket[] = []
  const connect = Socket.prototype.connect
  vi.spyOn(Socket.prototype, 'connect').mockImplementation(function (this: Socket, ...given) {
    sockets.push(this)
    return connect.apply(this, given)
  })
  expect(await dial(['127.0.0.1'])).toBe('127.0.0.1')
  for (const socket of sockets) expect(socket.emit('error', new Error('late'))).toBe(true)
})

/** Has the packets to an address be on their way until `isTime`; tells which addresses were dialled. */
function slowDown(slow: string, isTime: (dialled: string[]) => boolean): string[] {
  const dialled: string[] = []
  const connect = Socket.prototype.connect
  vi.spyOn(Socket.prototype, 'connect').mockImplementation(function (this: Socket, ...given) {
    const { host } = [given[0]].flat()[0] as unknown as { host: string }
    dialled.push(host)
    const go = () => {
      if (this.destroyed) return
      if (isTime(dialled)) connect.apply(this, given)
      else setTimeout(go, 10)
    }
    if (host === slow) go()
    else connect.apply(this, given)
    return this
  })
  return dialled
}
