import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiClient, Body } from './support/api-client.js'
import { eventually } from './support/eventually.js'
import { startTestApp, type TestApp } from './support/test-app.js'

const MINUTE = 60_000

let punctual: TestApp
beforeAll(async () => {
  punctual = await startTestApp()
})
afterAll(() => punctual.stop())

describe('the clock', () => {
  it('is met by a reply at its very deadline and late an instant after', async () => {
    const ada = await punctual.tenant()
    const [onTime, late] = [(await post(ada)).body, (await post(ada, { receivedAt: at(-1) })).body]
    punctual.clock.advance(240 * MINUTE) // without waking the monitor: the replies come before it looks
    const replied = async (id: number) => (await ada.post(`/emails/${id}/reply`, { text: 'Hello' })).body
    expect((await replied(onTime.id)).clock).toMatchObject({ state: 'met', breachedAt: null })
    expect((await replied(late.id)).clock.state).toBe('late')
    const events = await eventNames(late.id)
    expect(events.filter((name) => name.startsWith('sla.'))).toEqual(['sla.warning', 'sla.breached'])
    expect((await eventNames(onTime.id)).filter((name) => name.startsWith('sla.'))).toEqual([])
  })

  it('says nothing more once it was stopped by a resolution', async () => {
    const ada = await punctual.tenant()
    const { id } = (await post(ada)).body
    expect((await ada.post(`/emails/${id}/resolve`)).body.clock.state).toBe('met')
    await punctual.advance(1_000 * MINUTE)
    expect((await ada.get('/alerts')).body.data).toEqual([])
    // Reopened without ever having been answered, it awaits an answer from now on; the first one was owed once.
    const { clock } = (await ada.post(`/emails/${id}/reopen`)).body
    expect(clock).toMatchObject({ metric: 'next_reply', state: 'running', startedAt: at(0) })
  })

  it('that missed its instants while nobody looked tells both, once, with when they were due', async () => {
    const ada = await punctual.tenant()
    const receivedAt = at(-600)
    const { id } = (await post(ada, { receivedAt })).body
    await punctual.advance(0)
    await eventually(async () => expect((await ada.get('/alerts')).body.data).toHaveLength(2))
    await punctual.advance(MINUTE)
    const rows = await punctual.query<{ name: string; data: Body }>(
      `select name, data from events where email_id = $1 and name like 'sla.%' order by seq`,
      [id],
    )
    expect(rows.map(({ name, data }) => [name, data.sla.dueAt])).toEqual([
      ['sla.warning', new Date(Date.parse(receivedAt) + 192 * MINUTE).toISOString()],
      ['sla.breached', new Date(Date.parse(receivedAt) + 240 * MINUTE).toISOString()],
    ])
  })
})

const at = (minutes: number) => new Date(punctual.clock.now().getTime() + minutes * MINUTE).toISOString()

const post = (client: ApiClient, more: object = {}) =>
  client.post('/emails', {
    from: { address: 'c@example.com' },
    subject: 'S',
    text: 'T',
    priority: 'high',
    ...more,
  })

const eventNames = async (emailId: number) =>
  (
    await punctual.query<{ name: string }>('select name from events where email_id = $1 order by seq', [
      emailId,
    ])
  ).map(({ name }) => name)
