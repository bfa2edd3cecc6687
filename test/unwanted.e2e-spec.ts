import { expect, it } from 'vitest'
import { eventually } from './support/eventually.js'
import {
  ada,
  arrived,
  email,
  log,
  logs,
  punctual,
  receiver,
  setWebhookStage,
  subscribe,
} from './support/webhook-stage.js'

setWebhookStage()

/** What a webhook does not want any more is not sent, whether it was tried before or not. */

const narrowings: [string, object][] = [
  ['the name is taken off the list', { events: ['sla.breached'] }],
  ['the pattern is narrowed', { events: ['email.assigned'] }],
  ['a filter is added', { filter: { priorities: null, customerTiers: ['vip'], mailboxIds: null } }],
]

it.each(narrowings)('a retry that waits is dropped when %s, and the log says so', async (_how, change) => {
  receiver.answer = () => 500
  const { id } = (await subscribe({ events: ['email.*'] })).body
  await email()
  await eventually(async () => expect((await log(id)).attempts).toBe(1))
  await ada.patch(`/webhooks/subscribe/${id}`, change)
  const ended = { status: 'failed', errorMessage: 'unwanted', attempts: 1, dueAt: null }
  expect(await log(id)).toMatchObject(ended)
  await punctual.advance(60_000)
  expect(receiver.received).toHaveLength(1)
  expect((await logs(id, '?error=unwanted'))[0]).toMatchObject(ended)
  const { failed, deliveries } = (await ada.get(`/webhooks/${id}/stats?hours=24`)).body
  expect({ failed, deliveries }).toEqual({ failed: 0, deliveries: 1 })
})

it('so are first attempts that wait for a webhook that is paused, while what it still wants is sent', async () => {
  const { id } = (await subscribe({ events: ['email.received', 'team.member.added'] })).body
  await ada.post(`/webhooks/${id}/pause`)
  await email()
  await ada.post('/team/members', { name: 'M', email: 'm@example.com', role: 'agent' })
  await ada.patch(`/webhooks/subscribe/${id}`, { events: ['team.*'] })
  await ada.post(`/webhooks/${id}/resume`)
  await arrived(1)
  await eventually(async () =>
    expect((await logs(id)).map(({ eventType, errorMessage }) => [eventType, errorMessage])).toEqual([
      ['team.member.added', null],
      ['email.received', 'unwanted'],
    ]),
  )
  expect(receiver.received[0]!.body.event).toBe('team.member.added')
})

it('an attempt that was under way when the webhook was changed counts, but is not repeated', async () => {
  const answers: (() => void)[] = []
  receiver.hold = (answer) => answers.push(answer)
  receiver.answer = () => 500
  const { id } = (await subscribe({ events: ['email.received'] })).body
  await email()
  await eventually(() => expect(answers).toHaveLength(1))
  await ada.patch(`/webhooks/subscribe/${id}`, { events: ['sla.*'] })
  expect(await log(id)).toMatchObject({ status: 'pending' })
  answers[0]!()
  await eventually(async () =>
    expect(await log(id)).toMatchObject({ status: 'failed', errorMessage: 'unwanted', attempts: 1 }),
  )
})

it('other changes drop nothing, and where an email’s events go in order the next one follows what is dropped', async () => {
  receiver.answer = ({ body }) => (body.event === 'email.received' ? 500 : 204)
  const { id } = (await subscribe({ events: ['email.*'], ordering: 'email' })).body
  const { id: emailId } = await email()
  await eventually(async () => expect((await log(id)).attempts).toBe(1))
  await ada.post(`/emails/${emailId}/resolve`)
  await ada.patch(`/webhooks/subscribe/${id}`, {
    retryCount: 5,
    events: ['email.resolved', 'email.received'],
  })
  expect((await logs(id)).map(({ status }) => status)).toEqual(['pending', 'pending'])
  await ada.patch(`/webhooks/subscribe/${id}`, { events: ['email.resolved'] })
  await eventually(async () =>
    expect((await logs(id)).map(({ status, errorMessage }) => [status, errorMessage])).toEqual([
      ['success', null],
      ['failed', 'unwanted'],
    ]),
  )
})

it('a recovery leaves it alone while it is not wanted, and takes it once it is', async () => {
  const { id } = (await subscribe({ events: ['email.received'] })).body
  await ada.post(`/webhooks/${id}/pause`)
  await email()
  await ada.patch(`/webhooks/subscribe/${id}`, { events: ['sla.*'] })
  await ada.post(`/webhooks/${id}/resume`)
  const since = punctual.clock.in(-60_000)
  const counted = async () =>
    (await ada.post(`/webhooks/${id}/recover`, { since, status: 'all', dryRun: true })).body
  await punctual.advance(1_000)
  expect(await counted()).toMatchObject({ failed: 0, missed: 0 })
  await ada.patch(`/webhooks/subscribe/${id}`, { events: ['email.*'] })
  expect(await counted()).toMatchObject({ failed: 1, missed: 0 })
  await ada.post(`/webhooks/${id}/recover`, { since, status: 'failed' })
  await eventually(async () => {
    await punctual.advance(100)
    expect(await log(id)).toMatchObject({ status: 'success', errorMessage: null })
  })
})
