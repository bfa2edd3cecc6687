import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { AlertsListener } from '../src/alerts/alerts.listener.js'
import type { Transaction } from '../src/database/transaction.js'
import { UnitOfWork } from '../src/database/unit-of-work.js'
import { On } from '../src/events/on.decorator.js'
import { Events } from '../src/events/events.publisher.js'
import type { Signal } from '../src/events/signals.js'
import type { ApiClient, Body } from './support/api-client.js'
import { startTestApp, type TestApp } from './support/test-app.js'

let punctual: TestApp
let ada: ApiClient
let heard: Signal[][] = []
let failing = false

beforeAll(async () => {
  listen()
  punctual = await startTestApp()
  ada = await punctual.tenant()
})
beforeEach(() => {
  heard = []
  failing = false
})
afterAll(() => punctual.stop())

it('a change of priority, tier or category is signalled, and nothing else is', async () => {
  const email = await post()
  await ada.patch(`/emails/${email.id}`, { priority: 'high', category: 'billing' })
  await ada.patch(`/emails/${email.id}`, { priority: 'high', customerTier: 'vip' })
  await ada.patch(`/emails/${email.id}`, { priority: 'high' })
  await ada.post(`/emails/${email.id}/reply`, { text: 'Because.' })
  await ada.post(`/emails/${email.id}/resolve`)
  const about = { emailId: email.id, threadId: email.threadId }
  const signal = { tenantId: ada.tenantId, name: 'email.changed' }
  expect(heard).toEqual([
    [{ ...signal, data: { ...about, changed: ['priority', 'category'] } }],
    [{ ...signal, data: { ...about, changed: ['customerTier'] } }],
  ])
})

it('a reopening is signalled with its instant', async () => {
  const { id, threadId } = await post()
  await ada.post(`/emails/${id}/resolve`)
  await punctual.advance(60_000)
  await ada.post(`/emails/${id}/reopen`)
  const at = punctual.clock.now().toISOString()
  const data = { emailId: id, threadId, at }
  expect(heard).toEqual([[{ tenantId: ada.tenantId, name: 'email.reopened', data }]])
})

it('listeners see the change in its transaction, and an exception takes it back', async () => {
  const { id } = await post()
  failing = true
  expect((await ada.patch(`/emails/${id}`, { priority: 'high' })).status).toBe(500)
  expect(heard).toHaveLength(1)
  expect(seen).toEqual({ id, priority: 'high' })
  const { priority, history } = (await ada.get(`/emails/${id}`)).body
  expect(priority).toBe('medium')
  expect(history.map(({ action }: Body) => action)).toEqual(['email.received'])
})

it('a batch is heard as one, none as nothing, and none of it is stored', async () => {
  const { id: emailId, threadId } = await post()
  const before = await stored()
  const at = punctual.clock.now().toISOString()
  const drafts = [1, 2].map(() => ({ tenantId: ada.tenantId, data: { emailId, threadId, at } }))
  const raise = (batch: typeof drafts) =>
    punctual.app.get(UnitOfWork).run((tx) => punctual.app.get(Events).signal(tx, 'email.reopened', batch))
  await raise(drafts)
  await raise([])
  expect(heard.map((batch) => batch.length)).toEqual([2])
  expect(await stored()).toEqual(before)
  const { status } = await ada.post('/webhooks/subscribe', {
    url: 'http://127.0.0.1:9/',
    events: ['email.reopened'],
  })
  expect(status).toBe(400)
})

let seen: unknown

/** Gives the application one listener more. */
function listen(): void {
  const { prototype } = AlertsListener as { prototype: object }
  const value = async (tx: Transaction, signals: Signal<'email.changed' | 'email.reopened'>[]) => {
    heard.push(signals)
    const [row] = await tx.query('select id, priority from emails where id = $1', [signals[0]!.data.emailId])
    seen = row
    if (failing) throw new Error('Refused')
  }
  const descriptor = { value, configurable: true, writable: true }
  On('email.changed', 'email.reopened')(prototype, 'hearSignals', descriptor)
  Object.defineProperty(prototype, 'hearSignals', descriptor)
}

async function post(): Promise<Body> {
  const mail = { from: { address: 'customer@example.com' }, subject: 'A question', text: 'Why?' }
  return (await ada.post('/emails', mail)).body
}

const stored = () =>
  punctual.query(
    'select (select count(*) from events) as events, (select count(*) from webhook_logs) as deliveries',
  )
