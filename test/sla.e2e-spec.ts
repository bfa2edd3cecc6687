import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ALWAYS_OPEN } from '../src/sla/business-calendar.js'
import { replySchedule } from '../src/sla/business-time.js'
import type { ApiClient, Body } from './support/api-client.js'
import { eventually } from './support/eventually.js'
import { startTestApp, type TestApp } from './support/test-app.js'

const MINUTE = 60_000
const DEFAULTS = { vip: [60, 240, 480], enterprise: [120, 480, 1440], standard: [240, 1440, 2880] }

let punctual: TestApp
beforeAll(async () => {
  punctual = await startTestApp()
})
afterAll(() => punctual.stop())

describe('settings', () => {
  it('start with the defaults and can be changed, removed and made again', async () => {
    const ada = await punctual.tenant()
    const { data } = (await ada.get('/sla/settings')).body
    const found = Object.fromEntries(Object.keys(DEFAULTS).map((tier) => [tier, targets(data, tier)]))
    expect(found).toEqual(DEFAULTS)
    const vipHigh = data.find(
      (setting: Body) => setting.customerTier === 'vip' && setting.priority === 'high',
    )
    expect((await ada.patch(`/sla/settings/${vipHigh.id}`, { targetMinutes: 0.5 })).body.targetMinutes).toBe(
      0.5,
    )
    const input = { customerTier: 'vip', priority: 'high', targetMinutes: 30 }
    expect((await ada.post('/sla/settings', input)).status).toBe(409)
    expect((await ada.delete(`/sla/settings/${vipHigh.id}`)).status).toBe(204)
    expect((await post(ada, { customerTier: 'vip', priority: 'high' })).body.clock).toBeNull()
    expect((await ada.post('/sla/settings', input)).status).toBe(201)
    expect((await post(ada, { customerTier: 'vip', priority: 'high' })).body.clock.targetMinutes).toBe(30)
    for (const targetMinutes of [0, -1, null, '60', 1e12])
      expect((await ada.patch(`/sla/settings/${data[1].id}`, { targetMinutes })).status).toBe(400)
  })
})

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
    expect((await ada.post(`/emails/${id}/reopen`)).body.clock.state).toBe('met')
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

it('warns when the chosen share of the target is left', () => {
  const start = Date.parse('2026-03-02T09:00:00Z')
  const terms = { start, targetMs: 10_000, warningPercent: 20, pauses: [] }
  expect(replySchedule(ALWAYS_OPEN, terms)).toEqual({
    warningAt: new Date('2026-03-02T09:00:08Z'),
    deadlineAt: new Date('2026-03-02T09:00:10Z'),
  })
})

const targets = (settings: Body[], tier: string) =>
  ['high', 'medium', 'low'].map(
    (priority) =>
      settings.find((one) => one.customerTier === tier && one.priority === priority).targetMinutes,
  )

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
