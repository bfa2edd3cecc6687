import { expect, it } from 'vitest'
import type { Body } from './support/api-client.js'
import { eventually } from './support/eventually.js'
import { ada, punctual, receiver, setWebhookStage } from './support/webhook-stage.js'

setWebhookStage()

it('numbers what happens to an email in the order of the commits, without a gap, also when it all happens at once', async () => {
  await subscribe()
  const [first, second] = await Promise.all([mail(), mail()])
  const members = await team()
  await Promise.all([first, second].flatMap(({ id }) => assignInTurn(id, members)))
  const stored = await punctual.query<{ eventId: string; id: number; sequence: number }>(
    `select id as "eventId", email_id as id, sequence from events where email_id is not null order by seq`,
  )
  for (const { id } of [first, second]) {
    const numbers = stored.filter((event) => event.id === id).map(({ sequence }) => sequence)
    expect(numbers).toEqual(numbers.map((_, index) => index + 1))
    expect(numbers.length).toBeGreaterThan(3)
  }
  const sent = () => receiver.received.flatMap(({ body }) => (body.data.email ? [body.id] : []))
  await eventually(() => expect(sent().toSorted()).toEqual(stored.map(({ eventId }) => eventId).toSorted()))
})

it('what is about no email has no number', async () => {
  await subscribe()
  await team()
  await eventually(() => expect(receiver.named('team.member.added')).toHaveLength(3))
  expect(receiver.received[0]!.body.sequence).toBeNull()
})

it('delivers the events of one email strictly one after another, and does not hold up those of others', async () => {
  await subscribe({ retryCount: 3 })
  await punctual.query(`update webhooks set ordering = 'email'`)
  const [stuck, free] = [await mail(), await mail()]
  await eventually(() => expect(receiver.received).toHaveLength(2))
  receiver.answer = ({ body }) =>
    body.data.email.id === stuck.id && body.event === 'email.replied' ? 500 : 204
  for (const { id } of [stuck, free]) {
    await ada.post(`/emails/${id}/reply`, { text: 'Hello' })
    await ada.post(`/emails/${id}/resolve`)
  }
  await eventually(() => expect(of(free)).toEqual(['email.received', 'email.replied', 'email.resolved']))
  await eventually(() => expect(of(stuck)).toEqual(['email.received', 'email.replied']))
  await punctual.advance(2_000)
  await eventually(() => expect(of(stuck)).toEqual(['email.received', 'email.replied', 'email.replied']))
  receiver.answer = () => 204
  await punctual.advance(4_000)
  await eventually(() =>
    expect(of(stuck)).toEqual([
      ...['email.received', 'email.replied', 'email.replied', 'email.replied'],
      'email.resolved',
    ]),
  )
})

it('goes on in order after a delivery that failed for good', async () => {
  await subscribe({ retryCount: 0 })
  await punctual.query(`update webhooks set ordering = 'email'`)
  receiver.answer = ({ body }) => (body.event === 'email.replied' ? 500 : 204)
  const email = await mail()
  await ada.post(`/emails/${email.id}/reply`, { text: 'Hello' })
  await ada.post(`/emails/${email.id}/resolve`)
  await eventually(() => expect(of(email)).toEqual(['email.received', 'email.replied', 'email.resolved']))
})

it('keeps the order while many change the same emails at once', async () => {
  await subscribe()
  await punctual.query(`update webhooks set ordering = 'email'`)
  const emails = await Promise.all(Array.from({ length: 4 }, mail))
  const members = await team()
  await Promise.all(emails.flatMap(({ id }) => assignInTurn(id, members)))
  await eventually(async () => expect(await punctual.query('select 1 from webhook_queue')).toEqual([]))
  for (const { id } of emails) {
    const numbers = receiver.received
      .filter(({ body }) => body.data.email?.id === id)
      .map(({ body }) => body.sequence)
    expect(numbers.length).toBeGreaterThan(3)
    expect(numbers).toEqual(numbers.map((_, index) => index + 1))
  }
})

const EVENTS = ['email.received', 'email.replied', 'email.assigned', 'email.resolved', 'team.member.added']

const subscribe = (more: object = {}) =>
  ada.post('/webhooks/subscribe', { url: receiver.url, events: EVENTS, ...more })

const mail = async (): Promise<Body> =>
  (await ada.post('/emails', { from: { address: 'c@example.com' }, subject: 'S', text: 'T' })).body

const team = () =>
  Promise.all(
    ['eve', 'bob', 'joe'].map(
      async (name) =>
        (await ada.post('/team/members', { name, email: `${name}@example.com`, role: 'agent' })).body,
    ),
  )

/** From one to the next, all at once. */
const assignInTurn = (id: number, members: Body[]) =>
  Array.from({ length: 15 }, (_, n) => ada.post(`/emails/${id}/assign`, { memberId: members[n % 3]!.id }))

/** What the receiver was told of this email. */
const of = ({ id }: Body) =>
  receiver.received.filter(({ body }) => body.data.email.id === id).map(({ body }) => body.event)
