import { afterAll, beforeAll, expect, it } from 'vitest'
import { EVENT_NAMES } from '../src/events/catalogue.js'
import { EVENT_EXAMPLES } from '../src/webhooks/event-examples.js'
import { EVENT_DESCRIPTIONS, eventSchema } from '../src/webhooks/event-schemas.js'
import type { ApiClient, Body } from './support/api-client.js'
import { problemsWith, schemaErrors } from './support/event-schemas.js'
import { eventually } from './support/eventually.js'
import { Receiver } from './support/receiver.js'
import { startTestApp, type TestApp } from './support/test-app.js'

const SECOND = 1_000
const HOUR = 60 * 60_000

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

it('lists the nine events with what they mean, the schema of their bodies and an example', async () => {
  const { status, body } = await ada.get('/webhooks/events')
  expect(status).toBe(200)
  const catalogue = EVENT_NAMES.map((name) => ({
    name,
    description: EVENT_DESCRIPTIONS[name],
    schema: eventSchema(name),
    example: EVENT_EXAMPLES[name],
  }))
  expect(body).toEqual({ data: JSON.parse(JSON.stringify(catalogue)), nextCursor: null })
})

it('shows an example of each event to those who have none yet', async () => {
  const newcomer = await punctual.tenant()
  for (const name of EVENT_NAMES) {
    const { status, body } = await newcomer.get(`/webhooks/samples?event=${name}`)
    expect([status, body]).toEqual([200, [JSON.parse(JSON.stringify(EVENT_EXAMPLES[name]))]])
  }
})

it('asks which event, and knows no others', async () => {
  for (const query of [
    '',
    '?event=',
    '?event=email.deleted',
    '?event=email.*',
    '?event=email.received&limit=1',
  ])
    expect((await ada.get(`/webhooks/samples${query}`)).status, query).toBe(400)
})

it('delivers nothing but what the schemas describe, whatever happens', async () => {
  await ada.post('/webhooks/subscribe', { url: receiver.url, events: EVENT_NAMES })
  await live()
  await eventually(async () => {
    const waiting = await punctual.query(`select 1 from webhook_logs where status = 'pending'`)
    expect(waiting).toEqual([])
  })
  const heard = new Set(receiver.received.map(({ body }) => body.event))
  expect([...heard].sort()).toEqual([...EVENT_NAMES].sort())
  for (const { body } of receiver.received) expect(problemsWith(body), JSON.stringify(body)).toEqual([])
  // What may be null was, and was not.
  for (const place of NULLABLE) {
    const values = receiver.received
      .map(({ body }) => valueAt(body.data, place))
      .filter((v) => v !== undefined)
    expect([place, values.includes(null), values.some((v) => v !== null)]).toEqual([place, true, true])
  }
})

it('then samples the newest three as they were delivered, newest first, of this tenant only', async () => {
  for (const name of EVENT_NAMES) {
    const { body: samples } = await ada.get(`/webhooks/samples?event=${name}`)
    // A leap of the clock may have ended a lease just taken: then one came twice.
    const delivered = [...new Map(receiver.named(name).map(({ body }) => [body.id, body])).values()]
    const newest = delivered.toSorted((a, b) => (a.id < b.id ? 1 : -1))
    expect(samples.length, name).toBe(Math.min(3, delivered.length))
    for (const sample of samples) {
      expect(schemaErrors(name, sample)).toEqual([])
      expect(delivered, name).toContainEqual(sample)
    }
    expect(samples.map(({ timestamp }: Body) => timestamp)).toEqual(
      newest.slice(0, 3).map(({ timestamp }) => timestamp),
    )
  }
  const eve = await punctual.tenant()
  const { body } = await eve.get('/webhooks/samples?event=email.received')
  expect(body).toEqual([EVENT_EXAMPLES['email.received']])
})

it('numbers the events of an email from one, whatever happens to others', async () => {
  const bob = await punctual.tenant()
  for (let turn = 0; turn < 2; turn++) {
    const { id } = (await bob.post('/emails', mail)).body
    await bob.post(`/emails/${id}/resolve`)
    const [received] = (await bob.get('/webhooks/samples?event=email.received')).body
    const [resolved] = (await bob.get('/webhooks/samples?event=email.resolved')).body
    expect([received.sequence, resolved.sequence]).toEqual([1, 2])
  }
  await bob.post('/team/members', { name: 'Grace', email: 'grace@example.com' })
  expect((await bob.get('/webhooks/samples?event=team.member.added')).body[0].sequence).toBeNull()
})

const mail = { from: { address: 'customer@example.com' }, subject: '', text: 'Help!' }

/** Each event at least once, with and without all that may be missing. */
async function live(): Promise<void> {
  const grace = (await ada.post('/team/members', { name: 'Grace', email: 'grace@example.com' })).body
  const alan = (await ada.post('/team/members', { name: 'Alan', email: 'alan@example.com', role: 'manager' }))
    .body
  const plain = (await ada.post('/emails', mail)).body
  const from = { address: 'vip@example.com', name: 'Val' }
  const sorted = { priority: 'high', customerTier: 'vip', category: 'billing' }
  await punctual.advance(SECOND)
  const urgent = (await ada.post('/emails', { ...mail, ...sorted, from, subject: 'It is down' })).body
  await punctual.advance(SECOND)
  await ada.postMail(new URL('./fixtures/mail/02-attachments.eml', import.meta.url).pathname)
  for (const memberId of [grace.id, alan.id]) await ada.post(`/emails/${urgent.id}/assign`, { memberId })
  await punctual.advance(48 * HOUR)
  await eventually(() => expect(receiver.named('sla.breached').length).toBeGreaterThan(1))
  for (const { id } of [urgent, plain]) {
    await punctual.advance(SECOND)
    expect((await ada.post(`/emails/${id}/reply`, { text: 'It is up again.' })).status).toBe(201)
    expect((await ada.post(`/emails/${id}/resolve`)).status).toBe(200)
  }
}

/** Under `data`. */
const NULLABLE = [
  'email.from.name',
  'email.category',
  'email.assigneeId',
  'previousAssigneeId',
  'member',
  'memberFigures',
]

const valueAt = (tree: Body, place: string): unknown =>
  place.split('.').reduce((node, key) => node?.[key], tree)
