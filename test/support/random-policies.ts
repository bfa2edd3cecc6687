import type { ApiClient, Body } from './api-client.js'

export type Random = () => number

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed * 0x9e3779b9
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

export const oneOf = <T>(random: Random, items: readonly T[]): T =>
  items[Math.floor(random() * items.length)]!

const PRIORITIES = [null, ['high'], ['medium', 'low'], ['low']]
const TIERS = [null, null, ['vip'], ['standard', 'enterprise']]
const CATEGORIES = [null, null, ['billing'], ['sales', 'billing']]
const DOMAINS = [null, null, ['example.com'], ['mail.example.org']]
const TARGETS = [null, 5, 30, 60, 61.5, 120, 480, 960, 2_000]

/** Some of what a policy says, or most of it. */
export function randomPolicy(random: Random, calendarId: number, share: number): Body {
  const all = {
    priorities: oneOf(random, PRIORITIES),
    customerTiers: oneOf(random, TIERS),
    categories: oneOf(random, CATEGORIES),
    senderDomains: oneOf(random, DOMAINS),
    firstReplyMinutes: oneOf(random, TARGETS),
    nextReplyMinutes: oneOf(random, TARGETS),
    resolutionMinutes: oneOf(random, TARGETS),
    calendarId: oneOf(random, [null, ...Array<number>(6).fill(calendarId), 999_999_999]),
    warningPercent: oneOf(random, [1, 20, 20, 50, 70, 90, 99, 100]),
    isActive: random() < 0.8,
    position: 1 + Math.floor(random() * 8),
  }
  return Object.fromEntries(Object.entries(all).filter(() => random() < share))
}

/** What people change most: one number. */
export const randomNumber = (random: Random): Body =>
  oneOf<Body>(random, [
    { warningPercent: oneOf(random, [10, 60, 90, 99]) },
    { firstReplyMinutes: oneOf(random, [20, 70, 110, 150, 200, 1_000]) },
    { resolutionMinutes: oneOf(random, [60, 170, 400, null]) },
  ])

export const randomHours = (random: Random): Body => ({
  ...(random() < 0.5 && {
    timezone: oneOf(random, ['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Nowhere/No']),
  }),
  ...(random() < 0.7 && {
    hours: oneOf<unknown>(random, [
      { always_open: true },
      { mon: [['08:00', '12:00']], wed: [['13:00', '18:00']] },
      { mon: [['10:30', '24:00']], tue: [['00:00', '03:00']], fri: [['09:00', '17:00']] },
      {},
    ]),
  }),
  ...(random() < 0.5 && {
    holidays: oneOf<unknown>(random, [[], ['2026-03-03'], [{ date: '2026-03-02', name: 'Fair' }]]),
  }),
})

const FROM = ['a@example.com', 'b@mail.example.org', 'c@elsewhere.net']

/** Mail of every sort, some of it hours old, some of it answered, waiting for the customer, or resolved. */
export async function randomMail(client: ApiClient, random: Random, now: Date, size: number): Promise<void> {
  for (let n = 0; n < size; n++) {
    const { body } = await client.post('/emails', {
      from: { address: oneOf(random, FROM) },
      ...{ subject: `S${n}`, text: 'T', category: oneOf(random, [undefined, 'billing', 'Sales']) },
      priority: oneOf(random, ['high', 'medium', 'low']),
      customerTier: oneOf(random, ['vip', 'enterprise', 'standard']),
      receivedAt: new Date(now.getTime() - Math.floor(random() * 10_000_000)).toISOString(),
    })
    const fate = random()
    if (fate < 0.2) await client.post(`/emails/${body.id}/sla/pause`, { reason: 'on_hold' })
    else if (fate < 0.25) await client.post(`/emails/${body.id}/resolve`)
    else if (fate < 0.35) {
      await client.post(`/emails/${body.id}/reply`, { text: 'Because.' })
      await client.post('/emails', {
        ...{
          from: { address: oneOf(random, FROM) },
          subject: 'Re: S',
          text: 'Why?',
          inReplyTo: body.messageId,
        },
      })
    }
  }
}
