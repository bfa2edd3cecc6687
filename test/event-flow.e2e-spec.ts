import { afterAll, beforeAll, expect, it } from 'vitest'
import { EVENT_NAMES } from '../src/events/catalogue.js'
import type { ApiClient, Body } from './support/api-client.js'
import { eventually } from './support/eventually.js'
import { Receiver, type Received } from './support/receiver.js'
import { startTestApp, type TestApp } from './support/test-app.js'

const MINUTE = 60_000

let punctual: TestApp
let ada: ApiClient
let receiver: Receiver

beforeAll(async () => {
  punctual = await startTestApp()
  receiver = await Receiver.start()
  ada = await punctual.tenant()
})

afterAll(async () => {
  await punctual.stop()
  await receiver.stop()
})

/** The whole story, once, as a program sees it: through HTTP only, with time moved by hand. */
it('takes mail in, warns, records the breach, alerts, measures the team and tells other systems of all of it', async () => {
  // Another system subscribes to everything.
  const subscribed = await ada.post('/webhooks/subscribe', { url: receiver.url, events: EVENT_NAMES })
  expect(subscribed.status).toBe(201)
  const { secret } = subscribed.body

  // Grace joins the team.
  const grace = (await ada.post('/team/members', { name: 'Grace', email: 'grace@example.com' })).body
  await heard('team.member.added', ({ data }) =>
    expect(data.member).toMatchObject({ id: grace.id, name: 'Grace' }),
  )

  // A VIP writes, and a clock of 60 minutes starts.
  const mail = {
    from: { address: 'vip@example.com' },
    subject: 'It is down',
    text: 'Help!',
    priority: 'high',
  }
  const urgent = (await ada.post('/emails', { ...mail, customerTier: 'vip' })).body
  expect(urgent).toMatchObject({ status: 'open', duplicate: false, receivedAt: '2026-03-02T09:00:00.000Z' })
  expect(urgent.clock).toMatchObject({
    state: 'running',
    targetMinutes: 60,
    warningAt: '2026-03-02T09:48:00.000Z',
    deadlineAt: '2026-03-02T10:00:00.000Z',
  })
  await heard('email.received', ({ data }) =>
    expect(data.email).toMatchObject({ id: urgent.id, subject: 'It is down' }),
  )

  // Grace gets it.
  expect((await ada.post(`/emails/${urgent.id}/assign`, { memberId: grace.id })).body.assigneeId).toBe(
    grace.id,
  )
  await heard('email.assigned', ({ data }) => expect(data.assignee.name).toBe('Grace'))

  // An instant before 20 % are left nothing happens; then the warning and its alert come.
  await punctual.advance(48 * MINUTE - 1)
  await ada.get('/emails')
  expect(receiver.named('sla.warning')).toEqual([])
  await punctual.advance(1)
  await heard('sla.warning', ({ data }) => {
    expect(data.email.id).toBe(urgent.id)
    expect(data.sla).toMatchObject({
      deadlineAt: '2026-03-02T10:00:00.000Z',
      dueAt: '2026-03-02T09:48:00.000Z',
    })
  })
  await heard('alert.created', ({ data }) =>
    expect(data.alert).toMatchObject({ type: 'sla.warning', emailId: urgent.id }),
  )

  // At the deadline itself an answer is in time; an instant later the breach is recorded.
  await punctual.advance(12 * MINUTE)
  await ada.get('/emails')
  expect(receiver.named('sla.breached')).toEqual([])
  await punctual.advance(1)
  await heard('sla.breached', ({ data }) => expect(data.sla.dueAt).toBe('2026-03-02T10:00:00.000Z'))
  await eventually(() => expect(receiver.named('alert.created')).toHaveLength(2))
  expect((await ada.get('/alerts/unread-count')).body).toEqual({ unread: 2 })
  const [alert] = (await ada.get('/alerts?unread=true')).body.data
  expect((await ada.post(`/alerts/${alert.id}/read`)).body.readAt).toBe('2026-03-02T10:00:00.001Z')
  expect((await ada.get('/alerts/unread-count')).body).toEqual({ unread: 1 })
  expect((await ada.get('/emails?overdue=true')).body.data).toMatchObject([{ id: urgent.id }])

  // The answer comes late, and the team is measured.
  await punctual.advance(5 * MINUTE - 1)
  const answered = (await ada.post(`/emails/${urgent.id}/reply`, { text: 'It is up again.' })).body
  expect(answered).toMatchObject({
    status: 'replied',
    clock: { state: 'late', stoppedAt: '2026-03-02T10:05:00.000Z' },
  })
  expect(answered.replies).toMatchObject([{ state: 'sent', sentElsewhere: true, subject: 'Re: It is down' }])
  await heard('email.replied', ({ data }) => expect(data.reply.repliedAt).toBe('2026-03-02T10:05:00.000Z'))
  await heard('team.performance.updated', ({ data }) => {
    expect(data.member).toEqual({ id: grace.id, name: 'Grace' })
    expect(data.memberFigures).toEqual({ replies: 1, met: 0, averageResponseSeconds: 3900 })
  })

  // The work is done.
  expect((await ada.post(`/emails/${urgent.id}/resolve`)).body.status).toBe('resolved')
  await heard('email.resolved', ({ data }) => expect(data.email.status).toBe('resolved'))

  // Each event arrived once, every signature is good, and the history tells the same story.
  expect(new Set(receiver.received.map(({ body }) => body.event))).toEqual(new Set(EVENT_NAMES))
  const ids = receiver.received.map(({ body }) => body.id)
  expect(new Set(ids).size).toBe(ids.length)
  for (const delivery of receiver.received)
    expect(Receiver.verify(delivery, secret, sentAt(delivery))).toEqual(delivery.body)
  expect((await ada.get(`/emails/${urgent.id}`)).body.history.map(({ action }: Body) => action)).toEqual([
    'email.received',
    'email.assigned',
    'sla.warning',
    'alert.created',
    'sla.breached',
    'alert.created',
    'email.replied',
    'email.resolved',
  ])
})

const sentAt = ({ headers }: Received) => new Date(Number(headers['webhook-timestamp']) * 1_000)

async function heard(event: string, check: (body: Body) => void): Promise<void> {
  await eventually(() => expect(receiver.named(event).length).toBeGreaterThan(0))
  check(receiver.named(event).at(-1)!.body)
}
