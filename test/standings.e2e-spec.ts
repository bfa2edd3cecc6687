import { afterAll, beforeAll, expect, it } from 'vitest'
import type { UnitOfWork } from '../src/database/unit-of-work.js'
import { Standings } from '../src/auth/standings.service.js'
import { EventStream } from './support/event-stream.js'
import { eventually } from './support/eventually.js'
import { startTestApp, type TestApp } from './support/test-app.js'

let punctual: TestApp

beforeAll(async () => {
  punctual = await startTestApp()
})
afterAll(() => punctual.stop())

it('believes the database about roles, not the token', async () => {
  const ada = await punctual.tenant()
  const subscriptions = async () => (await ada.get('/webhooks/subscribe')).status
  expect(await subscriptions()).toBe(200)
  await setRole(ada.tenantId, 'agent')
  await eventually(async () => expect(await subscriptions()).toBe(403))
  await setRole(ada.tenantId, 'admin')
  await eventually(async () => expect(await subscriptions()).toBe(200))
})

it.each([
  ['its role is taken away', (id: string) => setRole(id, 'agent')],
  [
    'its session ends elsewhere',
    (id: string) => punctual.query('delete from session where user_id = $1', [id]),
  ],
  ['its user is removed', (id: string) => punctual.query('delete from "user" where id = $1', [id])],
])('ends an open stream when %s', async (_, happen) => {
  const ada = await punctual.tenant()
  const bob = await punctual.tenant('bob')
  const stream = await EventStream.open(punctual.baseUrl, ada.token!)
  const other = await EventStream.open(punctual.baseUrl, bob.token!)
  await happen(ada.tenantId)
  expect(await stream.ended).toBe(true)
  // Another's goes on.
  await bob.post('/emails', { from: { address: 'customer@example.com' }, subject: 'Help', text: '!' })
  await eventually(() => expect(other.events).toContain('email.received'))
  await other.close()
})

it('does not keep what was read before the session ended', async () => {
  const asked: ((rows: unknown[]) => void)[] = []
  const query = () => new Promise((resolve) => asked.push(resolve))
  const standings = new Standings({ query } as unknown as UnitOfWork)
  const before = standings.of('a')
  standings.forget('a') // it has just ended here
  const after = standings.of('a')
  asked[1]!([])
  asked[0]!([{ sessionId: 'a' }])
  expect(await before).toMatchObject({ sessionId: 'a' })
  expect(await after).toBeUndefined()
  expect(await standings.of('a')).toBeUndefined()
})

it('asks anew after a reading that failed, and once for those who ask at the same time', async () => {
  let readings = 0
  const query = async () => {
    if (++readings === 1) throw new Error('The database is away')
    return [{ sessionId: 'a' }]
  }
  const standings = new Standings({ query } as unknown as UnitOfWork)
  await expect(standings.of('a')).rejects.toThrow('away')
  await Promise.all([standings.of('a'), standings.of('a')])
  expect(readings).toBe(2)
})

const setRole = (id: string, role: string) =>
  punctual.query(`update "user" set role = $2 where id = $1`, [id, role])
