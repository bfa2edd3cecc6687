import { JwtService } from '@nestjs/jwt'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { Config } from '../src/config/config.js'
import { EventsReader } from '../src/stream/events.reader.js'
import { StreamLimits } from '../src/stream/stream-limits.js'
import type { ApiClient } from './support/api-client.js'
import { EventStream, type StreamOptions } from './support/event-stream.js'
import { eventually } from './support/eventually.js'
import { RawEvents } from './support/raw-events.js'
import { startTestApp, type TestApp } from './support/test-app.js'

/** So rare that no test sees it. */
const NEVER_MS = 1e8
const FEW = 5

let punctual: TestApp
let ada: ApiClient
let streams: EventStream[]

beforeEach(() => {
  streams = []
})
afterEach(async () => {
  await Promise.all(streams.map((stream) => stream.close()))
})

describe('a stream', () => {
  // Without polling, and not even a worker: what arrives was told of.
  beforeAll(() =>
    start({ pollMs: NEVER_MS, heartbeatMs: NEVER_MS, streamsPerTenant: FEW }, { PROCESS_ROLES: 'api' }),
  )
  afterAll(() => punctual.stop())
  beforeEach(async () => {
    ada = await punctual.tenant()
  })

  it('begins at the present, tells of events as they happen, and of nobody else’s', async () => {
    await addMember('before')
    await settled()
    const bob = await punctual.tenant('bob')
    const [stream, bobs] = [await open(), await open({}, bob)]
    await addMember('grace')
    await addMember('edsger')
    await eventually(() => expect(namesIn(stream)).toEqual(['grace', 'edsger']))
    await bob.post('/team/members', { name: 'theirs', email: 'theirs@example.com' })
    await eventually(() => expect(namesIn(bobs)).toEqual(['theirs']))
    expect(namesIn(stream)).toEqual(['grace', 'edsger'])
    // The list's cursor and the stream's id are the same thing.
    const { data, nextCursor } = (await ada.get('/events')).body
    expect(stream.messages.map((message) => message.data)).toEqual(data.slice(1))
    expect(stream.lastEventId).toBe(nextCursor)
  })

  it('is what proxies and clients take for one', async () => {
    const { headers } = (await open()).response
    expect(headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(headers.get('cache-control')).toBe('no-cache, no-transform')
    expect(headers.get('x-accel-buffering')).toBe('no')
    expect(headers.get('content-encoding')).toBeNull()
  })

  it('resumes right after the last event, and after the place it began at when there was none', async () => {
    const idle = await open()
    await eventually(() => expect(idle.lastEventId).not.toBe(''))
    await idle.close()
    await addMember('one')
    await addMember('two')
    await addMember('three')
    const stream = await open({ lastEventId: idle.lastEventId })
    await eventually(() => expect(namesIn(stream)).toEqual(['one', 'two', 'three']))
    const [first, second] = stream.messages
    // Clients reconnect to the URL that they began with.
    const resumed = await open({ query: '?after=earliest', lastEventId: first!.id })
    await eventually(() => expect(namesIn(resumed)).toEqual(['two', 'three']))
    const after = await open({ query: `?after=${second!.id}` })
    await eventually(() => expect(namesIn(after)).toEqual(['three']))
    const all = await open({ query: '?after=earliest' })
    await eventually(() => expect(all.messages).toEqual(stream.messages))
  })

  it('tells only of the events asked for', async () => {
    const stream = await open({ query: '?event=email.received&event=email.resolved' })
    const mail = { from: { address: 'c@example.com' }, subject: 'S', text: 'T' }
    const { id } = (await ada.post('/emails', mail)).body
    await addMember('grace')
    await ada.post(`/emails/${id}/resolve`)
    await eventually(() => expect(stream.events).toEqual(['email.received', 'email.resolved']))
  })

  it('waits for older transactions, and goes on as soon as they end', async () => {
    const stream = await open()
    const older = await RawEvents.begin(punctual.databaseUrl, ada.tenantId)
    const id = await older.write(1)
    await addMember('grace')
    expect((await ada.get('/events')).body.data).toEqual([])
    expect(stream.messages).toEqual([])
    await older.commit() // and nothing tells of it
    await eventually(() => expect(stream.messages).toHaveLength(2))
    expect(stream.ids[0]).toBe(id)
  })

  it('hears what other processes have committed', async () => {
    const stream = await open()
    const elsewhere = await RawEvents.begin(punctual.databaseUrl, ada.tenantId)
    const id = await elsewhere.write(1)
    await elsewhere.commit()
    const wakes = { [`events:${ada.tenantId}`]: 0 }
    // Listening begins with the first stream, and may not have begun yet.
    await eventually(async () => {
      await punctual.query(`select pg_notify('punctual_wake', $1)`, [
        JSON.stringify({ sender: 'another', wakes }),
      ])
      expect(stream.ids).toEqual([id])
    })
  })

  it('is one of a few of its tenant, and leaves room as soon as its client has gone', async () => {
    for (let times = 0; times < FEW; times++) await open()
    await expect(open()).rejects.toThrow(/^429 .*too_many_streams/)
    await open({}, await punctual.tenant('bob'))
    await streams[0]!.close()
    await eventually(() => open())
    await Promise.all(streams.map((stream) => stream.close()))
    // HEAD asks for the headers of one, and leaves none behind.
    for (let times = 0; times < 2 * FEW; times++)
      await eventually(async () => expect((await ada.raw('HEAD', '/events/stream')).status).toBe(200))
    for (let times = 0; times < FEW; times++) await eventually(() => open())
  })

  it('is refused before it begins: bad cursors, bad names, other roles', async () => {
    for (const [options, field] of [
      [{ lastEventId: 'x' }, 'Last-Event-ID'],
      [{ query: '?after=x' }, 'after'],
      [{ query: '?event=email.deleted' }, 'event'],
    ] as const)
      await expect(open(options)).rejects.toThrow(new RegExp(`^400 .*"field":"${field}"`))
    const agent = await punctual.tenant('agent')
    await punctual.query(`update "user" set role = 'agent' where id = $1`, [agent.tenantId])
    await expect(open({}, agent)).rejects.toThrow(/^403 .*forbidden/)
  })
})

describe('a stream that lasts', () => {
  beforeAll(() => start({ pollMs: 50, heartbeatMs: 100 }))
  afterAll(() => punctual.stop())
  beforeEach(async () => {
    ada = await punctual.tenant()
  })

  it('gives signs of life, which move clients on past events that they did not ask for', async () => {
    const stream = await open({ query: '?event=sla.breached' })
    await addMember('grace')
    const { nextCursor } = await settled()
    await eventually(() => expect(stream.comments).toBeGreaterThan(1))
    await eventually(() => expect(stream.lastEventId).toBe(nextCursor))
    expect(stream.messages).toEqual([])
  })

  it('survives that the database cannot be asked for a while', async () => {
    const stream = await open()
    await punctual.query('alter table event_origin rename to away')
    await addMember('grace')
    const { comments } = stream
    await eventually(() => expect(stream.comments).toBeGreaterThan(comments + 2))
    await punctual.query('alter table away rename to event_origin')
    await eventually(() => expect(namesIn(stream)).toEqual(['grace']))
  })

  it('ends with its access token', async () => {
    const token = await tokenWith({ exp: Math.floor(Date.now() / 1_000) + 2 })
    const stream = await EventStream.open(punctual.baseUrl, token)
    expect(await stream.ended).toBe(true)
  })

  it('ends with its session', async () => {
    const stream = await open()
    expect((await ada.post('/auth/logout')).status).toBe(204)
    expect(await stream.ended).toBe(true)
  })
})

describe('a stream that nobody wakes', () => {
  beforeAll(() => start({ pollMs: 20, heartbeatMs: NEVER_MS }))
  afterAll(() => punctual.stop())

  it('finds by itself what was committed, however long it has waited', async () => {
    ada = await punctual.tenant()
    const looks = vi.spyOn(punctual.app.get(EventsReader), 'newest')
    const stream = await open()
    await eventually(() => expect(looks.mock.calls.length).toBeGreaterThan(3)) // in vain
    const silent = await RawEvents.begin(punctual.databaseUrl, ada.tenantId)
    const id = await silent.write(1)
    await silent.commit()
    await eventually(() => expect(stream.ids).toEqual([id]))
  })
})

async function start(
  limits: Partial<Record<keyof StreamLimits, number>>,
  environment: Record<string, string> = {},
) {
  punctual = await startTestApp(environment, (builder) =>
    builder.overrideProvider(StreamLimits).useValue({ ...new StreamLimits(), ...limits }),
  )
}

async function open(options: StreamOptions = {}, client = ada): Promise<EventStream> {
  const stream = await EventStream.open(punctual.baseUrl, client.token!, options)
  streams.push(stream)
  return stream
}

/** Ada's token, with other claims. */
async function tokenWith(changes: object): Promise<string> {
  const jwt = new JwtService()
  const { iat: _, ...claims } = jwt.decode<Record<string, unknown>>(ada.token!)
  return jwt.signAsync({ ...claims, ...changes }, { secret: punctual.app.get(Config).JWT_SECRET })
}

const addMember = (name: string) => ada.post('/team/members', { name, email: `${name}@example.com` })

const settled = () =>
  eventually(async () => {
    const { body } = await ada.get('/events')
    expect(body.data).not.toEqual([])
    return body
  })

const namesIn = ({ messages }: EventStream) => messages.map(({ data }) => data.data.member.name)
