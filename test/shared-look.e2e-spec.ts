import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { EventsReader } from '../src/stream/events.reader.js'
import { StreamLimits } from '../src/stream/stream-limits.js'
import type { ApiClient } from './support/api-client.js'
import { EventStream } from './support/event-stream.js'
import { eventually } from './support/eventually.js'
import { RawEvents } from './support/raw-events.js'
import { startTestApp, type TestApp } from './support/test-app.js'

let punctual: TestApp
let ada: ApiClient

beforeAll(async () => {
  const limits = { ...new StreamLimits(), pollMs: 20, heartbeatMs: 1e8 }
  punctual = await startTestApp({}, (builder) => builder.overrideProvider(StreamLimits).useValue(limits))
  ada = await punctual.tenant()
})

afterAll(() => punctual.stop())

it('costs one statement for all streams of all tenants, also while events wait for a transaction', async () => {
  const tenants = [ada, await punctual.tenant('bob'), await punctual.tenant('eve')]
  const filters = ['', '?event=email.received', '?event=team.member.added', '?after=earliest']
  const all = tenants.flatMap((tenant) =>
    filters.map((query) => EventStream.open(punctual.baseUrl, tenant.token, { query })),
  )
  await Promise.all(all)
  const reader = punctual.app.get(EventsReader)
  const [looks, reads] = [vi.spyOn(reader, 'newest'), vi.spyOn(reader, 'read')]
  /** How often streams read for themselves while the shared look was taken a few times. */
  const readsBesideLooks = async () => {
    const [looked, read] = [looks.mock.calls.length, reads.mock.calls.length]
    await eventually(() => expect(looks.mock.calls.length).toBeGreaterThan(looked + 4))
    return reads.mock.calls.length - read
  }
  // Once what came before has been read.
  const quiet = () => eventually(async () => expect(await readsBesideLooks()).toBe(0))
  await quiet()
  expect(new Set(looks.mock.calls.at(-1)![0])).toEqual(new Set(tenants.map(({ tenantId }) => tenantId)))
  const older = await RawEvents.begin(punctual.databaseUrl, ada.tenantId)
  await older.write(1)
  await ada.post('/team/members', { name: 'Grace', email: 'grace@example.com' })
  await quiet()
  const [unfiltered, mail, team] = await Promise.all(all)
  await older.commit()
  await eventually(() => expect([unfiltered, team].map((stream) => stream!.messages.length)).toEqual([2, 2]))
  expect(mail!.messages).toEqual([])
  for (const stream of await Promise.all(all)) await stream.close()
})
