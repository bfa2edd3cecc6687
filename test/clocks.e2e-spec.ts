import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Body } from './support/api-client.js'
import { eventually } from './support/eventually.js'
import { Mailbox, MINUTE, ok } from './support/mailbox.js'
import { startTestApp, type TestApp } from './support/test-app.js'

let punctual: TestApp
let mailbox: Mailbox
beforeAll(async () => {
  punctual = await startTestApp()
})
beforeEach(async () => {
  mailbox = await Mailbox.open(punctual)
})
afterAll(() => punctual.stop())

describe('first reply', () => {
  it('is awaited once a conversation, and reopening awaits none again', async () => {
    const { id } = await mailbox.post()
    expect(await mailbox.states(id)).toEqual(['first_reply running', 'resolution running'])
    await mailbox.reply(id)
    await mailbox.resolve(id)
    await mailbox.reopen(id)
    expect(await mailbox.states(id)).toEqual(['first_reply met', 'resolution met', 'resolution running'])
  })

  it('has waited since the first message, also when a later one arrives before it', async () => {
    const messageId = 'parent@example.com'
    const child = await mailbox.post({ inReplyTo: messageId, receivedAt: mailbox.at(-10) })
    const parent = await mailbox.post({ messageId, receivedAt: mailbox.at(-30) })
    expect(parent.threadId).toBe(child.threadId)
    const [reply, resolution] = await mailbox.clocks(child.id)
    expect(reply).toMatchObject({
      metric: 'first_reply',
      startedAt: mailbox.at(-30),
      deadlineAt: mailbox.at(70),
    })
    expect(resolution).toMatchObject({ metric: 'resolution', startedAt: mailbox.at(-30) })
    expect(await mailbox.states(parent.id)).toHaveLength(2)
  })

  it('is not awaited by automatic replies and bounces, and they stop nothing', async () => {
    const { id, messageId, threadId } = await mailbox.post()
    const automatic = await mailbox.api.postMail(
      Buffer.from(
        `From: c@example.com\r\nTo: s@example.com\r\nSubject: Re: S\r\nAuto-Submitted: auto-replied\r\n` +
          `In-Reply-To: <${messageId}>\r\nMessage-ID: <auto@example.com>\r\n\r\nI am away.\r\n`,
      ),
    )
    expect(automatic.body).toMatchObject({ threadId, kind: 'auto_reply', clock: null })
    expect(await mailbox.states(id)).toEqual(['first_reply running', 'resolution running'])
  })
})

describe('next reply', () => {
  it('is awaited from the oldest unanswered message; later ones do not reset it', async () => {
    const first = await mailbox.post()
    await mailbox.reply(first.id)
    await punctual.advance(5 * MINUTE)
    const second = await mailbox.follow(first)
    const startedAt = mailbox.at(0)
    await punctual.advance(5 * MINUTE)
    const third = await mailbox.follow(first)
    expect(third.clock).toBeNull()
    const [, , next] = await mailbox.clocks(third.id)
    expect(next).toMatchObject({ metric: 'next_reply', emailId: second.id, startedAt, targetMinutes: 50 })
    await mailbox.reply(third.id)
    expect((await mailbox.clocks(second.id))[2]).toMatchObject({ state: 'met' })
    const fourth = await mailbox.follow(first)
    expect(fourth.clock).toMatchObject({ metric: 'next_reply', state: 'running' })
  })

  it('is awaited by a message that was sent before the answer and came after it', async () => {
    const first = await mailbox.post()
    await punctual.advance(5 * MINUTE)
    await mailbox.reply(first.id)
    const late = await mailbox.follow(first, { receivedAt: mailbox.at(-3) }) // nobody has read it
    expect(late.clock).toMatchObject({ metric: 'next_reply', startedAt: mailbox.at(-3) })
  })

  it('is awaited by a message that came while the answer was being given', async () => {
    const first = await mailbox.post()
    const second = await mailbox.follow(first, { receivedAt: mailbox.at(1) }) // its sender's clock is ahead
    expect(second.clock).toBeNull()
    await mailbox.reply(first.id)
    expect((await mailbox.clocks(second.id)).filter(({ metric }) => metric !== 'resolution')).toMatchObject([
      { metric: 'first_reply', state: 'met' },
      { metric: 'next_reply', state: 'running', emailId: second.id, startedAt: mailbox.at(1) },
    ])
  })

  it('is never lost between a reply and a message that come together', async () => {
    for (let round = 0; round < 8; round++) {
      const first = await mailbox.post()
      const [, ...others] = await Promise.all([
        mailbox.api.post(`/emails/${first.id}/reply`, { text: 'Hello' }),
        mailbox.follow(first),
        mailbox.follow(first),
      ])
      const rows = await punctual.query<{ unanswered: number; running: number }>(
        `select (select count(*)::int from emails where thread_id = $1 and status = 'open') as unanswered,
                (select count(*)::int from sla_clocks c join emails e on e.id = c.email_id
                 where e.thread_id = $1 and c.state = 'running' and c.metric <> 'resolution') as running`,
        [others[0].threadId],
      )
      expect(rows[0]!.running, JSON.stringify(rows)).toBe(Math.min(1, rows[0]!.unanswered))
    }
  })
})

describe('a reopened email', () => {
  it('that was never answered awaits an answer from then on, and no first one', async () => {
    const { id } = await mailbox.post()
    await mailbox.resolve(id)
    await punctual.advance(1_000 * MINUTE)
    expect((await mailbox.reopen(id)).clock).toMatchObject({
      metric: 'next_reply',
      state: 'running',
      startedAt: mailbox.at(0),
    })
    // Whatever is changed of it, it has waited since it was reopened.
    await ok(mailbox.api.patch(`/emails/${id}`, { category: 'sorted' }))
    expect((await mailbox.clocks(id)).find(({ metric }) => metric === 'next_reply')!.startedAt).toBe(
      mailbox.at(0),
    )
    await mailbox.reply(id)
    expect(await mailbox.states(id)).toEqual([
      'first_reply met',
      'resolution met',
      'next_reply met',
      'resolution running',
    ])
    expect((await mailbox.api.get('/emails?sort=deadline')).body.data).toHaveLength(1)
  })
})

describe('two conversations that prove to be one', () => {
  it('await one answer and one resolution, from the earlier start', async () => {
    const [one, other] = [await mailbox.post({ receivedAt: mailbox.at(-5) }), await mailbox.post()]
    const both = await mailbox.follow(one, { references: [one.messageId, other.messageId] })
    expect(both.clock).toBeNull()
    const live = (await mailbox.clocks(both.id)).filter(({ state }) => state === 'running')
    expect(live).toMatchObject([
      { metric: 'first_reply', emailId: one.id },
      { metric: 'resolution', emailId: one.id },
    ])
    await punctual.advance(301 * MINUTE)
    await eventually(async () =>
      expect((await mailbox.api.get('/alerts')).body.data.map(({ type }: Body) => type).toSorted()).toEqual([
        'sla.breached',
        'sla.breached',
        'sla.warning',
        'sla.warning',
      ]),
    )
  })

  it('await it by the clock that runs, whichever of them stands still', async () => {
    const [one, other] = [await mailbox.post({ receivedAt: mailbox.at(-5) }), await mailbox.post()]
    await mailbox.pause(one.id)
    await mailbox.follow(one, { references: [one.messageId, other.messageId] })
    const live = (await mailbox.clocks(one.id)).filter(({ stoppedAt }) => stoppedAt === null)
    expect(live).toMatchObject([
      { metric: 'first_reply', emailId: other.id, state: 'running', startedAt: mailbox.at(-5) },
      { metric: 'resolution', emailId: other.id, state: 'running', startedAt: mailbox.at(-5) },
    ])
  })
})

describe('resolution', () => {
  it('is awaited from the first message until it is resolved, and anew once it is reopened', async () => {
    const first = await mailbox.post()
    await punctual.advance(20 * MINUTE)
    const second = await mailbox.follow(first)
    expect((await mailbox.clocks(second.id)).filter(({ metric }) => metric === 'resolution')).toHaveLength(1)
    await mailbox.resolve(second.id)
    expect(await mailbox.states(first.id)).toEqual(['first_reply met', 'resolution met'])
    await punctual.advance(20 * MINUTE)
    await mailbox.reopen(first.id)
    expect((await mailbox.clocks(first.id)).at(-1)).toMatchObject({
      metric: 'resolution',
      state: 'running',
      startedAt: mailbox.at(0),
    })
  })

  it('warns and breaches like any other', async () => {
    const { id } = await mailbox.post()
    await mailbox.reply(id)
    await punctual.advance(300 * MINUTE + 1)
    await eventually(async () =>
      expect(await mailbox.states(id)).toEqual(['first_reply met', 'resolution breached']),
    )
    expect(
      (await mailbox.api.get('/alerts')).body.data.map(({ message }: Body) => message.split(':')[0]),
    ).toEqual(['The resolution is overdue', 'The resolution is due soon'])
  })
})

it('keeps a history that nobody can change', async () => {
  await mailbox.post()
  await expect(punctual.query(`update sla_clock_history set at = at`)).rejects.toThrow('never changed')
})
