import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
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
let merged: object[] = []
let failing = false
let stopListening: () => void

beforeAll(async () => {
  stopListening = listen()
  punctual = await startTestApp()
  ada = await punctual.tenant()
})
beforeEach(() => {
  heard = []
  merged = []
  failing = false
})
afterAll(async () => {
  await punctual.stop()
  stopListening()
})

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

describe('a merge of conversations', () => {
  it('is signalled once they are one, before the message that proved it is told of', async () => {
    const [first, second, third] = [await post(), await post(), await post()]
    const joined = await post({ inReplyTo: second.messageId })
    expect(merged).toEqual([])
    const proof = { messageId: 'proof@example.com', ...referringTo(first, second, third) }
    const { threadId } = await post(proof)
    const mails = [first, second, third, joined].map(({ id }) => id)
    expect(merged).toEqual([
      { tenantId: ada.tenantId, name: 'conversation.merged', data: { threadId }, mails },
    ])
    await post(proof)
    await post(referringTo(first, third))
    expect(merged).toHaveLength(1)
  })

  it('is signalled once where two messages prove it at the same moment', async () => {
    for (let round = 1; round <= 5; round++) {
      const pairs = await Promise.all(
        [post(), post()].map(async (begun) => [
          await begun,
          await post({ inReplyTo: (await begun).messageId }),
        ]),
      )
      const [[a, b], [c, d]] = pairs as [[Body, Body], [Body, Body]]
      const proofs = await Promise.all([post(referringTo(a, c)), post(referringTo(d, b))])
      expect(proofs[0]!.threadId).toBe(proofs[1]!.threadId)
      expect(merged).toHaveLength(round)
    }
  })
})

it('listeners see the change in its transaction, and an exception takes it back', async () => {
  const { id } = await post()
  failing = true
  ada.expectsFaults = true
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

/** Gives the application two listeners more, until the function that it answers with is called. */
function listen(): () => void {
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

  const hearMerges = async (tx: Transaction, signals: Signal<'conversation.merged'>[]) => {
    for (const signal of signals) {
      const sql = 'select id from emails where thread_id = $1 order by id'
      const mails = await tx.query<{ id: number }>(sql, [signal.data.threadId])
      merged.push({ ...signal, mails: mails.map(({ id }) => id) })
    }
  }
  const forMerges = { value: hearMerges, configurable: true, writable: true }
  On('conversation.merged')(prototype, 'hearMerges', forMerges)
  Object.defineProperty(prototype, 'hearMerges', forMerges)
  return () => {
    for (const method of ['hearSignals', 'hearMerges']) Reflect.deleteProperty(prototype, method)
  }
}

async function post(more: object = {}): Promise<Body> {
  const mail = { from: { address: 'customer@example.com' }, subject: 'A question', text: 'Why?' }
  return (await ada.post('/emails', { ...mail, ...more })).body
}

const referringTo = (...emails: Body[]) => ({ references: emails.map(({ messageId }) => messageId) })

const stored = () =>
  punctual.query(
    'select (select count(*) from events) as events, (select count(*) from webhook_logs) as deliveries',
  )
