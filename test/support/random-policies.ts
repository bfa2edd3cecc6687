import type { ApiClient, Body } from './api-client.js'
import { pick, type Random } from './random.js'

const PRIORITIES = [null, ['high'], ['medium', 'low'], ['low']]
const TIERS = [null, null, ['vip'], ['standard', 'enterprise']]
const CATEGORIES = [null, null, ['billing'], ['sales', 'billing']]
const DOMAINS = [null, null, ['example.com'], ['mail.example.org']]
const TARGETS = [null, 5, 30, 60, 61.5, 120, 480, 960, 2_000]

/** Some of what a policy says, or most of it. */
export function randomPolicy(random: Random, calendarId: number, share: number): Body {
  const all = {
    priorities: pick(random, PRIORITIES),
    customerTiers: pick(random, TIERS),
    categories: pick(random, CATEGORIES),
    senderDomains: pick(random, DOMAINS),
    firstReplyMinutes: pick(random, TARGETS),
    nextReplyMinutes: pick(random, TARGETS),
    resolutionMinutes: pick(random, TARGETS),
    calendarId: pick(random, [null, ...Array<number>(6).fill(calendarId), 999_999_999]),
    warningPercent: pick(random, [1, 20, 20, 50, 70, 90, 99, 100]),
    isActive: random.chance(0.8),
    position: random.integer(1, 8),
  }
  return Object.fromEntries(Object.entries(all).filter(() => random.chance(share)))
}

/** What people change most: one number. */
export const randomNumber = (random: Random): Body =>
  pick<Body>(random, [
    { warningPercent: pick(random, [10, 60, 90, 99]) },
    { firstReplyMinutes: pick(random, [20, 70, 110, 150, 200, 1_000]) },
    { resolutionMinutes: pick(random, [60, 170, 400, null]) },
  ])

export const randomHours = (random: Random): Body => ({
  ...(random.chance(0.5) && {
    timezone: pick(random, ['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Nowhere/No']),
  }),
  ...(random.chance(0.7) && {
    hours: pick<unknown>(random, [
      { always_open: true },
      { mon: [['08:00', '12:00']], wed: [['13:00', '18:00']] },
      { mon: [['10:30', '24:00']], tue: [['00:00', '03:00']], fri: [['09:00', '17:00']] },
      {},
    ]),
  }),
  ...(random.chance(0.5) && {
    holidays: pick<unknown>(random, [[], ['2026-03-03'], [{ date: '2026-03-02', name: 'Fair' }]]),
  }),
})

const FROM = ['a@example.com', 'b@mail.example.org', 'c@elsewhere.net']

/** Mail of every sort, some of it hours old, some of it answered, waiting for the customer, or resolved. */
export async function randomMail(client: ApiClient, random: Random, now: Date, size: number): Promise<void> {
  for (let n = 0; n < size; n++) {
    const { body } = await client.post('/emails', {
      from: { address: pick(random, FROM) },
      ...{ subject: `S${n}`, text: 'T', category: pick(random, [undefined, 'billing', 'Sales']) },
      priority: pick(random, ['high', 'medium', 'low']),
      customerTier: pick(random, ['vip', 'enterprise', 'standard']),
      receivedAt: new Date(now.getTime() - random.integer(0, 10_000_000)).toISOString(),
    })
    const fate = random.integer(0, 99) / 100
    if (fate < 0.2) await client.post(`/emails/${body.id}/sla/pause`, { reason: 'on_hold' })
    else if (fate < 0.25) await client.post(`/emails/${body.id}/resolve`)
    else if (fate < 0.35) {
      await client.post(`/emails/${body.id}/reply`, { text: 'Because.' })
      await client.post('/emails', {
        ...{
          from: { address: pick(random, FROM) },
          subject: 'Re: S',
          text: 'Why?',
          inReplyTo: body.messageId,
        },
      })
    }
  }
}
