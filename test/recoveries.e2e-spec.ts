import { expect, it } from 'vitest'
import type { Body } from './support/api-client.js'
import { eventually } from './support/eventually.js'
import { finished, recover, start, statuses, subscribed, setRecoveryStage } from './support/recoveries.js'
import { ada, punctual, receiver } from './support/webhook-stage.js'

setRecoveryStage()

/** What a webhook was not told of can be delivered after all, once each and at a bounded rate. */

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

it('queues again what failed, and nothing else', async () => {
  const id = await subscribed({ retryCount: 0 })
  await email()
  await arrived(1)
  receiver.answer = () => 500
  const failed = [await email(), await email()]
  await arrived(3)
  await eventually(async () => expect(await statuses(id)).toEqual(['failed', 'failed', 'success']))
  receiver.answer = () => 204
  await punctual.advance(1)
  const { status, body } = await recover(id)
  expect([status, body]).toEqual([202, view({ state: 'running', failed: 0, progressPercent: 0 })])
  await arrived(5)
  expect(receiver.received.slice(3).map(({ body: sent }) => sent.data.email.id)).toEqual(failed)
  expect(await finished(id)).toEqual(view({ id: body.id, failed: 2, finishedAt: expect.any(String) }))
  expect((await recover(id)).status).toBe(202)
  expect(await finished(id)).toMatchObject({ failed: 0, missed: 0 })
  expect(receiver.received).toHaveLength(5)
})

it('tells of what was missed: what happened before the subscription and what its filter now lets through', async () => {
  const [before] = [await email({ priority: 'high' }), await email({ priority: 'low' })]
  const id = await subscribed({ filter: { priorities: ['high'] } })
  const told = await email({ priority: 'high' })
  await arrived(1)
  await punctual.advance(1)
  await recover(id, { status: 'missed' })
  expect(await finished(id)).toMatchObject({ failed: 0, missed: 1 })
  await arrived(2)
  expect(receiver.received.map(({ body }) => body.data.email.id)).toEqual([told, before])
  const [stored] = await punctual.query<Body>(`select id, sequence from events where email_id = $1`, [before])
  expect(receiver.received[1]!.body).toMatchObject({ id: stored!.id, sequence: 1, event: 'email.received' })
  await recover(id, { status: 'missed' })
  expect(await finished(id)).toMatchObject({ missed: 0 })
})

it('tells of what was missed in more than 14 days of a pause', async () => {
  const id = await subscribed()
  await ada.post(`/webhooks/${id}/pause`)
  await punctual.advance(15 * DAY)
  const missed = await email()
  expect(await statuses(id)).toEqual([])
  expect(await recover(id)).toMatchObject({ status: 409, body: { code: 'webhook_inactive' } })
  await ada.post(`/webhooks/${id}/resume`)
  await punctual.advance(1)
  await recover(id, { status: 'all' })
  await arrived(1)
  expect(receiver.received[0]!.body.data.email.id).toBe(missed)
})

it('keeps to the events and the time that are asked for, the end not included', async () => {
  const ids: number[] = []
  for (let n = 0; n < 3; n++) {
    ids.push(await email())
    await punctual.advance(MINUTE)
  }
  await ada.post(`/emails/${ids[1]}/resolve`)
  const id = await subscribed({ events: ['email.*'] })
  const at = (minutes: number) => new Date(start.getTime() + minutes * MINUTE).toISOString()
  await punctual.advance(1)
  await recover(id, { status: 'missed', since: at(2), until: at(3), events: ['email.received'] })
  expect(await finished(id)).toMatchObject({ missed: 1, events: ['email.received'] })
  await arrived(1)
  expect(receiver.received[0]!.body.data.email.id).toBe(ids[1])
  await recover(id, { status: 'missed', events: ['team.*', 'email.resolved'] })
  expect(await finished(id)).toMatchObject({ missed: 1, events: ['email.resolved', ...TEAM] })
  await recover(id, { status: 'all' })
  expect(await finished(id)).toMatchObject({ missed: 2, events: null })
})

it('is tried out without a trace', async () => {
  await email()
  const id = await subscribed({ retryCount: 0 })
  receiver.answer = () => 500
  await email()
  await eventually(async () => expect(await statuses(id)).toEqual(['failed']))
  await punctual.advance(1)
  const counted = async (status: string) => {
    const { body } = await recover(id, { status, dryRun: true })
    expect(body).toMatchObject({ id: null, state: 'completed', progressPercent: 100 })
    return [body.failed, body.missed]
  }
  expect(await counted('failed')).toEqual([1, 0])
  expect(await counted('missed')).toEqual([0, 1])
  expect(await counted('all')).toEqual([1, 1])
  expect(await statuses(id)).toEqual(['failed'])
  expect((await ada.get(`/webhooks/${id}/recoveries`)).body.data).toEqual([])
})

it('is refused for a time that is none, or that has no logs any more', async () => {
  const id = await subscribed()
  const now = punctual.clock.now().getTime()
  const at = (ms: number) => new Date(now + ms).toISOString()
  const wrong: [field: string, input: object][] = [
    ['since', { since: at(1) }],
    ['since', { since: at(0) }],
    ['since', { since: at(-MINUTE), until: at(-2 * MINUTE) }],
    ['since', { since: at(-MINUTE), until: at(-MINUTE) }],
    ['since', { since: at(-30 * DAY - 1) }],
    ['since', { since: 'yesterday' }],
    ['until', { until: null }],
    ['status', { status: 'success' }],
    ['events', { events: ['email.deleted'] }],
    ['dryRun', { dryRun: 1 }],
  ]
  for (const [field, input] of wrong) {
    const { status, body } = await recover(id, input)
    expect([input, status, body.errors?.[0].field]).toEqual([input, 400, field])
  }
})

const TEAM = ['team.member.added', 'team.performance.updated']

/** As they are set free. */
const arrived = (count: number) =>
  eventually(async () => {
    punctual.clock.advance(100)
    await punctual.advance(0)
    expect(receiver.received).toHaveLength(count)
  })

const email = async (more: object = {}): Promise<number> => {
  const mail = { from: { address: 'c@example.com' }, subject: 'S', text: 'T' }
  return (await ada.post('/emails', { ...mail, ...more })).body.id
}

const view = (more: object) => ({
  ...{
    id: expect.any(Number),
    status: 'failed',
    since: start.toISOString(),
    until: expect.any(String),
    events: null,
  },
  ...{
    state: 'completed',
    failed: 0,
    missed: 0,
    progressPercent: 100,
    createdAt: expect.any(String),
    finishedAt: null,
  },
  ...more,
})
