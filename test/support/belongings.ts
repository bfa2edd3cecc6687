import { expect } from 'vitest'
import type { ApiClient, Body } from './api-client.js'
import { eventually } from './eventually.js'
import type { Receiver } from './receiver.js'
import type { TestApp } from './test-app.js'

const HOUR = 60 * 60_000

/** What a tenant has: one of everything, each marked with a word that nobody else uses. */
export interface Belongings {
  owner: ApiClient
  mark: string
  messageId: string
  threadId: string
  /** By the place in the contract where an operation asks for it. */
  ids: Record<string, number | number[]>
}

/** Gives each tenant one of everything, through the API, and lets their deadlines pass. */
export async function furnish(punctual: TestApp, receiver: Receiver, names: string[]): Promise<Belongings[]> {
  const tenants = await Promise.all(names.map((name) => punctual.tenant(name)))
  const furnished: Belongings[] = []
  for (const [index, owner] of tenants.entries())
    furnished.push(await settleIn(punctual, owner, `mark${names[index]}`, receiver))
  await punctual.advance(HOUR + 1)
  for (const belongings of furnished) {
    const [alert] = await listed(belongings.owner, '/alerts?type=sla.breached')
    belongings.ids['/api/alerts/{id}'] = alert.id
  }
  await eventually(async () => {
    const pending = await punctual.query(`select 1 from webhook_logs where status = 'pending'`)
    expect(pending, 'deliveries under way').toEqual([])
    const running = await punctual.query(`select 1 from webhook_recoveries where state = 'running'`)
    expect(running, 'recoveries under way').toEqual([])
  })
  return furnished
}

async function settleIn(
  punctual: TestApp,
  owner: ApiClient,
  mark: string,
  receiver: Receiver,
): Promise<Belongings> {
  const url = `${receiver.url}/${mark}`
  const webhook = await created(owner.post('/webhooks/subscribe', { url, events: ['team.member.added'] }))
  const member = await created(owner.post('/team/members', { name: mark, email: `${mark}@example.com` }))
  const [log] = await listed(owner, `/webhooks/${webhook.id}/logs`)
  const since = new Date(punctual.clock.now().getTime() - HOUR)
  const recovery = await created(owner.post(`/webhooks/${webhook.id}/recover`, { since }), 202)
  const week = { mon: [['09:00', '17:00']] }
  const calendar = await created(
    owner.post('/sla/calendars', { name: mark, timezone: 'Europe/Berlin', hours: week }),
  )
  // Breached within the hour, and its resolution awaited for longer than any test takes.
  const targets = { firstReplyMinutes: 60, resolutionMinutes: 100_000 }
  const setting = await created(owner.post('/sla/settings', { name: mark, ...targets }))
  const [mailbox] = await punctual.query<{ id: number }>(
    `insert into email_providers (user_id, name, type, address) values ($1, $2, 'imap', $2) returning id`,
    [owner.tenantId, mark],
  )
  const messageId = `${mark}@example.com`
  const from = { address: messageId, name: mark }
  const sorted = { priority: 'high', customerTier: 'vip', category: mark }
  const email = await created(
    owner.post('/emails', { from, subject: mark, text: mark, messageId, ...sorted }),
  )
  await created(owner.post(`/emails/${email.id}/reply`, { text: mark }))
  // The second one stays unanswered, and is the one with attachments.
  const mail = new URL('../fixtures/mail/02-attachments.eml', import.meta.url).pathname
  const query = `?priority=high&customerTier=vip&category=${mark}`
  const inbound = await created(owner.postMail(mail, query))
  await created(owner.post(`/emails/${inbound.id}/assign`, { memberId: member.id }), 200)
  const { attachments } = await created(owner.get(`/emails/${inbound.id}`), 200)
  const tier = await created(owner.post('/customer-tiers', { matches: `${mark}.example`, tier: 'vip' }))
  const ids = {
    '/api/emails/{id}': inbound.id,
    '/api/emails/{id}/attachments/{attachmentId}': attachments[0].id,
    '/api/emails/{id}/assign#memberId': member.id,
    '/api/customer-tiers/{id}': tier.id,
    '/api/team/members/{id}': member.id,
    '/api/sla/settings#calendarId': calendar.id,
    '/api/sla/settings#mailboxIds': [mailbox!.id],
    '/api/sla/settings/{id}': setting.id,
    '/api/sla/settings/{id}#calendarId': calendar.id,
    '/api/sla/settings/{id}#mailboxIds': [mailbox!.id],
    '/api/sla/simulate#settingId': setting.id,
    '/api/sla/simulate#remove': setting.id,
    '/api/sla/simulate#calendarId': calendar.id,
    '/api/sla/calendars/{id}': calendar.id,
    '/api/webhooks/{id}': webhook.id,
    '/api/webhooks/{id}/logs/{logId}': log.id,
    '/api/webhooks/{id}/recoveries/{recoveryId}': recovery.id,
    '/api/webhooks/subscribe/{id}': webhook.id,
    '/api/webhooks/subscribe?id': webhook.id,
  }
  return { owner, mark, messageId, threadId: email.threadId, ids }
}

async function created(answer: Promise<Body>, status = 201): Promise<Body> {
  const { status: actual, body } = await answer
  expect(actual, JSON.stringify(body)).toBe(status)
  return body
}

const listed = (owner: ApiClient, path: string): Promise<Body[]> =>
  eventually(async () => {
    const { body } = await owner.get(path)
    expect(body.data, path).not.toEqual([])
    return body.data
  })
