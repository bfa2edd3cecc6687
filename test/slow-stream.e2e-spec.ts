import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, it, vi, type MockInstance } from 'vitest'
import { EventsReader } from '../src/stream/events.reader.js'
import type { ApiClient } from './support/api-client.js'
import { eventually } from './support/eventually.js'
import { startTestApp, type TestApp } from './support/test-app.js'

/** 24 MB: more than the buffers of two sockets hold. */
const EVENTS = 6_000
const BODY_BYTES = 4_000
const PAGE = 100

let punctual: TestApp
let ada: ApiClient
let reads: MockInstance<EventsReader['read']>
let socket: Socket

beforeAll(async () => {
  punctual = await startTestApp()
  ada = await punctual.tenant()
  await punctual.query(
    `insert into events (id, user_id, name, data, occurred_at)
     select gen_random_uuid(), $1, 'email.received', json_build_object('n', n, 'text', repeat('x', $2)), now()
     from generate_series(1, $3) n`,
    [ada.tenantId, BODY_BYTES, EVENTS],
  )
  reads = vi.spyOn(punctual.app.get(EventsReader), 'read')
})

afterAll(() => socket.destroy())

it('is read no faster from the database than its client reads it, and loses nothing by it', async () => {
  await openUnread()
  await untilNothingIsRead()
  expect(reads.mock.calls.length).toBeLessThan(EVENTS / PAGE / 2)

  const numbers: number[] = []
  let rest = ''
  socket.setEncoding('latin1').on('data', (text: string) => {
    // Chunks of the transfer encoding begin wherever a page does: between events.
    const events = (rest + text).split('\n\n')
    rest = events.pop()!
    for (const event of events) {
      const n = /^data: .*"data":\{"n" : (\d+)/m.exec(event)?.[1]
      if (n) numbers.push(Number(n))
    }
  })
  socket.resume()
  await eventually(() => expect(numbers.length).toBe(EVENTS), 30_000)
  expect(numbers).toEqual(Array.from({ length: EVENTS }, (_, index) => index + 1))
})

it('does not hold up the stop when its client reads nothing, nor does a connection that nobody used', async () => {
  socket.destroy()
  await openUnread()
  await untilNothingIsRead()
  const { hostname, port } = new URL(punctual.baseUrl)
  const unused = connect(Number(port), hostname)
  await once(unused, 'connect')
  await punctual.stop()
  await eventually(() => expect(unused.closed).toBe(true))
})

async function openUnread(): Promise<void> {
  const { hostname, port } = new URL(punctual.baseUrl)
  reads.mockClear()
  socket = connect(Number(port), hostname)
  socket.on('error', () => {}) // the server may reset it in the end
  socket.pause()
  socket.write(
    `GET /api/events/stream?after=earliest HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${ada.token}\r\n\r\n`,
  )
  await eventually(() => expect(reads.mock.calls.length).toBeGreaterThan(1))
}

/** The buffers between the two are full. */
async function untilNothingIsRead(): Promise<void> {
  let before = -1
  let unchanged = 0
  await eventually(() => {
    unchanged = reads.mock.calls.length === before ? unchanged + 1 : 0
    before = reads.mock.calls.length
    expect(unchanged).toBeGreaterThan(15)
  })
}
