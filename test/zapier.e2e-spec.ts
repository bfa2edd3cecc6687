import { expect, it } from 'vitest'
import type { Body } from './support/api-client.js'
import { eventually } from './support/eventually.js'
import { ada, receiver, setWebhookStage } from './support/webhook-stage.js'

setWebhookStage()

/**
 * The contract of Zapier's REST hooks: subscribe, perform list, deliveries, unsubscribe, and 410 from the target.
 * @see https://docs.zapier.com/platform/build/hook-trigger
 */

it('subscribes with target_url and event, lists samples, delivers, and unsubscribes by id', async () => {
  const { status, body } = await subscribe({ target_url: receiver.url, event: 'email.received' })
  expect(status).toBe(201)
  expect(body).toMatchObject({ id: expect.any(Number), url: receiver.url, events: ['email.received'] })
  expect(body).not.toHaveProperty('target_url')

  const samples = (await ada.get('/webhooks/samples?event=email.received')).body
  expect(samples[0]).toMatchObject({ id: expect.any(String), event: 'email.received' })

  await email()
  const sent = await eventually(() => {
    expect(receiver.received).toHaveLength(1)
    return receiver.received[0]!.body
  })
  expect(Object.keys(sent)).toEqual(Object.keys(samples[0]))

  expect((await ada.delete(`/webhooks/subscribe/${body.id}`)).status).toBe(204)
  expect((await ada.get(`/webhooks/subscribe/${body.id}`)).status).toBe(404)
  await email()
  expect((await ada.get('/webhooks/subscribe')).body.data).toEqual([])
})

it('takes a pattern as the event', async () => {
  expect((await subscribe({ target_url: receiver.url, event: 'email.*' })).body.events).toEqual(['email.*'])
})

it('takes both forms where they agree, and neither half of one nor two that disagree', async () => {
  const url = receiver.url
  const both = { url, target_url: url, events: ['email.received'], event: 'email.received' }
  expect((await subscribe(both)).status).toBe(201)
  expect((await subscribe({ target_url: url, events: ['email.received'] })).status).toBe(201)
  const wrong: [field: string, input: Body][] = [
    ['url', { event: 'email.received' }],
    ['events', { target_url: url }],
    ['target_url', { ...both, target_url: `${url}/other` }],
    ['event', { ...both, event: 'email.resolved' }],
    ['event', { ...both, events: ['email.received', 'email.resolved'] }],
    ['target_url', { target_url: null, event: 'email.received' }],
    ['event', { target_url: url, event: 'email.deleted' }],
    ['event', { target_url: url, event: ['email.received'] }],
    ['url', { target_url: 'http://10.0.0.5/', event: 'email.received' }],
  ]
  for (const [field, input] of wrong) {
    const { status, body } = await subscribe(input)
    expect([input, status, body.errors?.[0].field]).toEqual([input, 400, field])
  }
})

it('is carried out once for an Idempotency-Key', async () => {
  const hook = { target_url: receiver.url, event: 'email.received' }
  const first = await ada.post('/webhooks/subscribe', hook, { 'idempotency-key': 'zap' })
  const second = await ada.post('/webhooks/subscribe', hook, { 'idempotency-key': 'zap' })
  expect(second.body).toEqual(first.body)
  expect((await ada.get('/webhooks/subscribe')).body.data).toHaveLength(1)
})

it('stops when the target answers 410: the Zap was turned off', async () => {
  const { id } = (await subscribe({ target_url: receiver.url, event: 'email.received' })).body
  receiver.answer = () => 410
  await email()
  await eventually(async () =>
    expect((await ada.get(`/webhooks/subscribe/${id}`)).body).toMatchObject({
      isActive: false,
      inactiveBecause: 'gone',
    }),
  )
  await email()
  expect(receiver.received).toHaveLength(1)
})

const subscribe = (body: Body) => ada.post('/webhooks/subscribe', body)

const email = () => ada.post('/emails', { from: { address: 'c@example.com' }, subject: 'S', text: 'T' })
