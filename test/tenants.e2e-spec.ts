import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openApiDocument } from '../src/http/openapi.js'
import type { FieldError } from '../src/http/problem.js'
import type { ApiAnswer, ApiClient } from './support/api-client.js'
import { furnish, type Belongings } from './support/belongings.js'
import { calls, exampleOf, operations, rawExampleOf, type Operation } from './support/contract.js'
import { eventually } from './support/eventually.js'
import { EventStream } from './support/event-stream.js'
import { Receiver } from './support/receiver.js'
import { startTestApp, type TestApp } from './support/test-app.js'

/** Every operation of openapi.json, called by one tenant for what another one has. */

/** The catalogue of events, which is everyone's. */
const COMMON = '/api/webhooks/events'

let punctual: TestApp
let receiver: Receiver
let ada: Belongings
let bob: Belongings
let adasRows: unknown

beforeAll(async () => {
  punctual = await startTestApp()
  receiver = await Receiver.start()
  const furnished = await furnish(punctual, receiver, ['ada', 'bob'])
  ada = furnished[0]!
  bob = furnished[1]!
  // Transactions of other tests of this machine may hold the end of the stream up for a moment.
  for (const { owner } of furnished)
    await eventually(
      async () => expect((await owner.get('/events?limit=100')).body.data).not.toEqual([]),
      40_000,
    )
  adasRows = await rowsOf(ada)
})

afterAll(async () => {
  await punctual.stop()
  await receiver.stop()
})

const closed = calls.filter(({ isPublic }) => !isPublic)
const byId = closed.filter((operation) => placesOf(operation).length > 0)
const endless = closed.filter(({ isEndless }) => isEndless)
const lists = closed.filter(
  (operation) => operation.method === 'GET' && ![...byId, ...endless].includes(operation),
)
const others = closed.filter((operation) => ![...byId, ...lists, ...endless].includes(operation))

it('knows every route of the application', () => {
  const { paths } = openApiDocument(punctual.app)
  const served = Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  )
  expect(operations.map(({ name }) => name).toSorted()).toEqual(served.toSorted())
})

describe.each(byId)('$name', (operation) => {
  const places = placesOf(operation)

  it.each(places)("is 404 for another tenant's %s", async (foreign) => {
    // All else is right: only this id is Ada's.
    const ids = { ...idsFor(bob, places), [foreign]: idsFor(ada, [foreign])[foreign]! }
    expectUnknown(await call(bob.owner, operation, ids), foreign)
    expectUnknown(await call(bob.owner, operation, idsFor(ada, places)), places[0]!)
  })

  it('leaves the owner what they have', async () => {
    expect(await rowsOf(ada)).toEqual(adasRows)
  })
})

describe.each(lists)('$name', (operation) => {
  it('shows nothing of another tenant, however it is asked', async () => {
    for (const query of queriesOf(operation)) {
      const answer = await bob.owner.get(operation.path.slice('/api'.length) + query)
      expect(answer.status, query).toBe(200)
      expect(JSON.stringify(answer.body), query).not.toContain(ada.mark)
      expect(JSON.stringify(answer.body), query).not.toContain(ada.owner.tenantId)
      const theirs = new Set((await own(operation, ada)).map(({ id }) => id))
      const shown = operation.path === COMMON ? [] : (answer.body.data ?? [])
      for (const { id } of shown) expect(theirs, query).not.toContain(id)
    }
  })

  it('shows the owner what they have', async () => {
    const { body } = await ada.owner.get(operation.path.slice('/api'.length) + queriesOf(operation)[0])
    if (body.data) expect(body.data.length).toBeGreaterThan(0)
    else
      expect(JSON.stringify(body)).toMatch(
        new RegExp(`${ada.owner.tenantId}|${ada.mark}|"unread":2|"revision":[1-9]`),
      )
  })
})

describe.each(endless)('$name', ({ path }) => {
  /** All that a tenant has got so far, from the beginning. */
  async function told({ owner }: Belongings): Promise<string> {
    expect(path).toBe('/api/events/stream')
    const { body } = await owner.get('/events?limit=100')
    expect(body.hasMore).toBe(false)
    const stream = await EventStream.open(punctual.baseUrl, owner.token!, { query: '?after=earliest' })
    await eventually(() => expect(stream.messages.length).toBeGreaterThanOrEqual(body.data.length))
    await stream.close()
    return JSON.stringify(stream.messages)
  }

  it('tells nothing of another tenant, and the owner what happened', async () => {
    expect(await told(bob)).not.toContain(ada.mark)
    expect(await told(ada)).toContain(ada.mark)
  })
})

describe.each(others)('$name', (operation) => {
  it("does not touch another tenant's rows", async () => {
    const stranger = await punctual.tenant('stranger')
    const { status } = await call(stranger, operation, {})
    // A stranger has the default settings already.
    expect(operation.path === '/api/sla/settings' ? [201, 409] : [200, 201, 204]).toContain(status)
    expect(await rowsOf(ada)).toEqual(adasRows)
  })
})

it("does not find another tenant's conversation by its Message-ID", async () => {
  const carol = await punctual.tenant('carol')
  const mail = { from: { address: 'x@example.com' }, subject: 'Hello', text: 'Hello' }
  const references = { inReplyTo: ada.messageId, references: [ada.messageId] }
  const answer = await carol.post('/emails', { ...mail, ...references, messageId: ada.messageId })
  expect(answer).toMatchObject({ status: 201, body: { duplicate: false } })
  expect(answer.body.threadId).not.toBe(ada.threadId)
  const { body } = await carol.get(`/emails/${answer.body.id}`)
  expect(body.thread).toHaveLength(1)
  expect(await rowsOf(ada)).toEqual(adasRows)
})

it("does not replay another tenant's answer for its Idempotency-Key", async () => {
  const [carol, dave] = [await punctual.tenant('carol'), await punctual.tenant('dave')]
  const member = { name: 'Grace', email: 'grace@example.com' }
  const first = await carol.post('/team/members', member, { 'idempotency-key': 'one' })
  const second = await dave.post('/team/members', member, { 'idempotency-key': 'one' })
  expect(second.status).toBe(201)
  expect(second.body.id).not.toBe(first.body.id)
  expect(second.headers.get('idempotency-replayed')).toBeNull()
})

/** Without this, a request that is wrong for another reason would pass for one that was refused. */
describe('the same requests by the owner', () => {
  it.each(byId)('$name succeeds', async (operation) => {
    // What is removed is missed by the operations after it.
    const [owner] = operation.method === 'DELETE' ? await furnish(punctual, receiver, ['eve']) : [ada]
    const { status, body } = await call(owner!.owner, operation, idsFor(owner!, placesOf(operation)))
    expect([200, 201, 202, 204], JSON.stringify(body)).toContain(status)
  })
})

/** Not there, as though it were nobody's. A condition or a choice that names what is not there is bad input. */
function expectUnknown({ status, body }: ApiAnswer, place: string): void {
  const field = place.split('#')[1]
  if (status !== 422) expect({ status, code: body.code }).toEqual({ status: 404, code: 'not_found' })
  else expect(body.errors.map((error: FieldError) => error.field)).toContain(field)
}

/** Where an operation asks for an id: in its path, its query or its body. */
function placesOf({ path, parameters, bodySchema }: Operation): string[] {
  const inPath = [...path.matchAll(/\{\w+\}/g)].map(({ index, 0: part }) =>
    path.slice(0, index + part.length),
  )
  const inQuery = parameters.filter(
    (parameter) => parameter.in === 'query' && /^id$|Id$/.test(parameter.name),
  )
  const inBody = Object.entries(bodySchema?.properties ?? {}).filter(
    ([name, { type }]) => /Ids?$|^remove$/.test(name) && type !== 'string',
  )
  return [
    ...inPath,
    ...inQuery.map(({ name }) => `${path}?${name}`),
    ...inBody.map(([name]) => `${path}#${name}`),
  ]
}

function idsFor({ ids }: Belongings, places: string[]): Record<string, number | number[]> {
  const unknown = places.find((place) => ids[place] === undefined)
  if (unknown) throw new Error(`Teach test/support/belongings.ts to make what ${unknown} asks for`)
  return Object.fromEntries(places.map((place) => [place, ids[place]!]))
}

function call(
  client: ApiClient,
  operation: Operation,
  ids: Record<string, number | number[]>,
): Promise<ApiAnswer> {
  const { method, path, bodyType, bodySchema } = operation
  const filled = path.replaceAll(/\{\w+\}/g, (part, index: number) =>
    String(ids[path.slice(0, index + part.length)]),
  )
  const values = (sign: string) =>
    Object.entries(ids)
      .filter(([place]) => place.startsWith(path + sign))
      .map(([place, id]) => [place.slice(path.length + 1), id] as const)
  const query = new URLSearchParams(values('?').map(([name, id]): [string, string] => [name, String(id)]))
  const url = filled.slice('/api'.length) + (query.size > 0 ? `?${query}` : '')
  if (bodyType && bodyType !== 'application/json')
    return client.raw(method, url, rawExampleOf(operation), { 'content-type': bodyType })
  if (!bodySchema) return client.send(method, url)
  return client.send(method, url, {
    ...(exampleOf(bodySchema) as object),
    ...(method === 'PATCH' && bodySchema.properties?.url && { url: receiver.url }), // what follows must not reach the world
    ...Object.fromEntries(values('#')),
  })
}

/** A list asked plainly where it may be, and once with every value of every parameter. */
function queriesOf({ name: operation, parameters }: Operation): string[] {
  const { ids, mark } = ada
  const afterAllOf = operation === 'GET /api/emails' ? ['2026-03-03T00:00:00.000Z', 1e9] : [1e9]
  const cursor = Buffer.from(JSON.stringify(afterAllOf)).toString('base64url')
  const texts: Record<string, string> = { q: mark, assignee: String(ids['/api/team/members/{id}']), cursor }
  const queries = parameters
    .filter((parameter) => parameter.in === 'query')
    .flatMap(({ name, schema }) => {
      const values =
        schema.type === 'boolean' ? [true, false] : (schema.enum ?? [texts[name] ?? schema.example])
      if (values.includes(undefined))
        throw new Error(`Teach this test what to ask ${operation} for as ${name}`)
      return values.map((value) => `?${name}=${encodeURIComponent(String(value))}`)
    })
  return parameters.some(({ required }) => required) ? queries : ['', ...queries]
}

async function own({ path }: Operation, { owner }: Belongings): Promise<{ id: number }[]> {
  return (await owner.get(`${path.slice('/api'.length)}?limit=100`)).body.data ?? []
}

/** Everything that the database holds for a tenant. */
async function rowsOf({ owner }: Belongings): Promise<unknown> {
  const tables = await punctual.query<{ name: string }>(
    `select table_name as name from information_schema.columns
     where table_schema = 'public' and column_name = 'user_id' order by 1`,
  )
  const rows = tables.map(async ({ name }) => [
    name,
    await punctual.query(`select t::text as row from ${name} t where user_id = $1 order by 1`, [
      owner.tenantId,
    ]),
  ])
  return Object.fromEntries(await Promise.all(rows)) as unknown
}
