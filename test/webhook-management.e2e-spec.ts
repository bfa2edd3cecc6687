import { describe, expect, it } from 'vitest'
import type { Body } from './support/api-client.js'
import { eventually } from './support/eventually.js'
import { Receiver } from './support/receiver.js'
import { ada, email, log, punctual, receiver, setWebhookStage, subscribe } from './support/webhook-stage.js'

setWebhookStage()

/** Subscriptions are chosen finely, and changed while deliveries are under way. */

describe('a subscription', () => {
  it('says how it is delivered, and what is left out is the usual', async () => {
    const filter = { priorities: ['high'], customerTiers: ['vip', 'enterprise'], mailboxIds: null }
    const settings = { events: ['email.*', 'sla.breached'], format: 'slack', ordering: 'email', filter }
    const { status, body } = await subscribe({ ...settings, rateLimit: 5, retryCount: 0 })
    expect(status).toBe(201)
    expect(body).toMatchObject({ ...settings, rateLimit: 5, retryCount: 0 })
    const usual = { format: 'json', ordering: 'none', rateLimit: null, retryCount: 3 }
    const anything = { priorities: null, customerTiers: null, mailboxIds: null }
    expect((await subscribe()).body).toMatchObject({ ...usual, filter: anything })
    expect((await subscribe({ format: 'slack' })).body.rateLimit).toBe(1)
    expect((await subscribe({ format: 'slack', rateLimit: null })).body.rateLimit).toBeNull()
    const { secret: _, verification: __, ...view } = body
    expect((await ada.get(`/webhooks/subscribe/${body.id}`)).body).toEqual(view)
  })

  it('hears of a group of events, and of all', async () => {
    await subscribe({ url: `${receiver.url}?group`, events: ['team.*'] })
    await subscribe({ url: `${receiver.url}?all`, events: ['*'] })
    await ada.post('/team/members', { name: 'Grace', email: 'grace@example.com' })
    await email()
    await eventually(() =>
      expect(receiver.received.map(({ body }) => body.event).sort()).toEqual([
        'email.received',
        'team.member.added',
        'team.member.added',
      ]),
    )
  })

  it('hears only of the mail that its filter lets through', async () => {
    await subscribe({ events: ['*'], filter: { priorities: ['high'], customerTiers: ['vip'] } })
    await email({ priority: 'low', customerTier: 'vip' })
    await email({ priority: 'high', customerTier: 'standard' })
    const { id } = await email({ priority: 'high', customerTier: 'vip' })
    await ada.post('/team/members', { name: 'Grace', email: 'grace@example.com' })
    await eventually(() => expect(receiver.received).toHaveLength(2))
    expect(receiver.named('email.received').map(({ body }) => body.data.email.id)).toEqual([id])
    expect(receiver.named('team.member.added')).toHaveLength(1)
  })

  it('is refused, naming the field, where it asks for what there is not', async () => {
    const refused: [field: string, input: Body, status?: number][] = [
      ['events', { events: ['mail.*'] }],
      ['events', { events: ['email.'] }],
      ['events', { events: ['email.*', 'email.*'] }],
      ['format', { format: 'xml' }],
      ['ordering', { ordering: 'strict' }],
      ['rateLimit', { rateLimit: 0 }],
      ['rateLimit', { rateLimit: 1001 }],
      ['filter.priorities', { filter: { priorities: ['urgent'] } }],
      ['filter.priorities', { filter: { priorities: [] } }],
      ['filter.customerTiers', { filter: { customerTiers: 'vip' } }],
      ['filter.unknown', { filter: { unknown: 1 } }],
      ['filter.mailboxIds', { filter: { mailboxIds: [1_000_000] } }, 422],
    ]
    const { id } = (await subscribe()).body
    for (const [field, input, expected = 400] of refused)
      for (const { status, body } of [await subscribe(input), await change(id, input)])
        expect([input, status, body.errors?.[0].field]).toEqual([input, expected, field])
  })
})

describe('a change', () => {
  it('is what waiting deliveries go by: url, headers, format and retries', async () => {
    const { id } = (await subscribe({ headers: { 'X-Old': 'a' }, retryCount: 0 })).body
    receiver.answer = () => 500
    await email()
    await eventually(async () => expect((await log(id)).status).toBe('failed'))
    await change(id, { retryCount: 5 })
    await email()
    await eventually(async () => expect(await log(id)).toMatchObject({ status: 'pending', attempts: 1 }))
    const other = await Receiver.start()
    try {
      const { body } = await change(id, { url: other.url, headers: { 'X-New': 'b' }, format: 'slack' })
      expect(body).toMatchObject({
        url: other.url,
        headers: ['X-New'],
        format: 'slack',
        rateLimit: 1,
        retryCount: 5,
      })
      await punctual.advance(2_000)
      const [sent] = await eventually(() => {
        expect(other.received).toHaveLength(1)
        return other.received
      })
      expect(sent!.headers).toMatchObject({ 'x-new': 'b' })
      expect(sent!.headers).not.toHaveProperty('x-old')
      expect(sent!.body.blocks).toBeDefined()
    } finally {
      await other.stop()
    }
  })

  it('leaves alone what it does not name, and may be of nothing', async () => {
    const settings = { events: ['email.*'], filter: { priorities: ['low'] }, rateLimit: 7, retryCount: 9 }
    const { secret: _, verification: __, ...before } = (await subscribe(settings)).body
    expect((await change(before.id, {})).body).toEqual(before)
    expect((await change(before.id, { rateLimit: 8 })).body).toEqual({ ...before, rateLimit: 8 })
    const { body } = await change(before.id, { filter: { customerTiers: ['vip'] }, events: ['*'] })
    expect(body.filter).toEqual({ priorities: null, customerTiers: ['vip'], mailboxIds: null })
    expect((await change(before.id, { filter: null })).body.filter.customerTiers).toBeNull()
  })

  it('of the events takes effect with the next one', async () => {
    const { id } = (await subscribe({ events: ['email.resolved'] })).body
    await email()
    await change(id, { events: ['email.received'] })
    const { id: second } = await email()
    await eventually(() => expect(receiver.received).toHaveLength(1))
    expect(receiver.received[0]!.body.data.email.id).toBe(second)
  })

  it('that removes a rate limit lets go what waited for it', async () => {
    const { id } = (await subscribe({ rateLimit: 1 })).body
    for (let n = 0; n < 5; n++) await email()
    await eventually(() => expect(receiver.received).toHaveLength(1))
    expect((await stats(id)).backlog).toMatchObject({ parked: 4 })
    await change(id, { rateLimit: null })
    await drained(5)
    expect((await ada.get(`/webhooks/subscribe/${id}`)).body.rateLimit).toBeNull()
    expect((await ada.get('/alerts')).body.data).toEqual([])
  })
})

/** Time passes until so many have arrived, as they are set free. */
const drained = (count: number) =>
  eventually(async () => {
    punctual.clock.advance(100)
    await punctual.advance(0)
    expect(receiver.received).toHaveLength(count)
  })

const change = (id: number, changes: object) => ada.patch(`/webhooks/subscribe/${id}`, changes)

const stats = async (id: number): Promise<Body> => (await ada.get(`/webhooks/${id}/stats`)).body
