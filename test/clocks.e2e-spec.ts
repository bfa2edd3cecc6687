import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { ApiClient, Body } from './support/api-client.js'
import { eventually } from './support/eventually.js'
import { startTestApp, type TestApp } from './support/test-app.js'

const MINUTE = 60_000

let punctual: TestApp
let ada: ApiClient
let policyId: number
beforeAll(async () => {
  punctual = await startTestApp()
})
beforeEach(async () => {
  ada = await punctual.tenant()
  const policy = { name: 'All', firstReplyMinutes: 100, nextReplyMinutes: 50, resolutionMinutes: 300 }
  policyId = (await ok(ada.post('/sla/settings', policy))).id
})
afterAll(() => punctual.stop())

describe('first reply', () => {
  it('is awaited once a conversation, and reopening awaits none again', async () => {
    const { id } = await post()
    expect(await clocks(id)).toEqual(['first_reply running', 'resolution running'])
    await ok(ada.post(`/emails/${id}/reply`, { text: 'Hello' }))
    await ok(ada.post(`/emails/${id}/resolve`))
    await ok(ada.post(`/emails/${id}/reopen`))
    expect(await clocks(id)).toEqual(['first_reply met', 'resolution met', 'resolution running'])
  })

  it('has waited since the first message, also when a later one arrives before it', async () => {
    const messageId = 'parent@example.com'
    const child = await post({ inReplyTo: messageId, receivedAt: at(-10) })
    const parent = await post({ messageId, receivedAt: at(-30) })
    expect(parent.threadId).toBe(child.threadId)
    const [reply, resolution] = await read(child.id)
    expect(reply).toMatchObject({ metric: 'first_reply', startedAt: at(-30), deadlineAt: at(70) })
    expect(resolution).toMatchObject({ metric: 'resolution', startedAt: at(-30) })
    expect(await clocks(parent.id)).toHaveLength(2)
  })

  it('is not awaited by automatic replies and bounces, and they stop nothing', async () => {
    const { id, messageId, threadId } = await post()
    const automatic = await ada.postMail(
      Buffer.from(
        `From: c@example.com\r\nTo: s@example.com\r\nSubject: Re: S\r\nAuto-Submitted: auto-replied\r\n` +
          `In-Reply-To: <${messageId}>\r\nMessage-ID: <auto@example.com>\r\n\r\nI am away.\r\n`,
      ),
    )
    expect(automatic.body).toMatchObject({ threadId, kind: 'auto_reply', clock: null })
    expect(await clocks(id)).toEqual(['first_reply running', 'resolution running'])
  })
})

describe('next reply', () => {
  it('is awaited from the oldest unanswered message; later ones do not reset it', async () => {
    const first = await post()
    await ok(ada.post(`/emails/${first.id}/reply`, { text: 'Hello' }))
    await punctual.advance(5 * MINUTE)
    const second = await follow(first)
    const startedAt = at(0)
    await punctual.advance(5 * MINUTE)
    const third = await follow(first)
    expect(third.clock).toBeNull()
    const [, , next] = await read(third.id)
    expect(next).toMatchObject({ metric: 'next_reply', emailId: second.id, startedAt, targetMinutes: 50 })
    await ok(ada.post(`/emails/${third.id}/reply`, { text: 'Hello again' }))
    expect((await read(second.id))[2]).toMatchObject({ state: 'met' })
    const fourth = await follow(first)
    expect(fourth.clock).toMatchObject({ metric: 'next_reply', state: 'running' })
  })

  it('is not awaited by a message that was sent before the answer and came after it', async () => {
    const first = await post()
    await punctual.advance(5 * MINUTE)
    await ok(ada.post(`/emails/${first.id}/reply`, { text: 'Hello' }))
    const late = await follow(first, { receivedAt: at(-3) })
    expect(late.clock).toBeNull()
  })

  it('is awaited by a message that came while the answer was being given', async () => {
    const first = await post()
    const second = await follow(first, { receivedAt: at(1) }) // its sender's clock is ahead
    expect(second.clock).toBeNull()
    await ok(ada.post(`/emails/${first.id}/reply`, { text: 'Hello' }))
    expect((await read(second.id)).filter(({ metric }) => metric !== 'resolution')).toMatchObject([
      { metric: 'first_reply', state: 'met' },
      { metric: 'next_reply', state: 'running', emailId: second.id, startedAt: at(1) },
    ])
  })

  it('is never lost between a reply and a message that come together', async () => {
    for (let round = 0; round < 8; round++) {
      const first = await post()
      const [, ...others] = await Promise.all([
        ada.post(`/emails/${first.id}/reply`, { text: 'Hello' }),
        follow(first),
        follow(first),
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

describe('resolution', () => {
  it('is awaited from the first message until it is resolved, and anew once it is reopened', async () => {
    const first = await post()
    await punctual.advance(20 * MINUTE)
    const second = await follow(first)
    expect((await read(second.id)).filter(({ metric }) => metric === 'resolution')).toHaveLength(1)
    await ok(ada.post(`/emails/${second.id}/resolve`))
    expect(await clocks(first.id)).toEqual(['first_reply met', 'resolution met'])
    await punctual.advance(20 * MINUTE)
    await ok(ada.post(`/emails/${first.id}/reopen`))
    expect((await read(first.id)).at(-1)).toMatchObject({
      metric: 'resolution',
      state: 'running',
      startedAt: at(0),
    })
  })

  it('warns and breaches like any other', async () => {
    const { id } = await post()
    await ok(ada.post(`/emails/${id}/reply`, { text: 'Hello' }))
    await punctual.advance(300 * MINUTE + 1)
    await eventually(async () => expect(await clocks(id)).toEqual(['first_reply met', 'resolution breached']))
    expect((await ada.get('/alerts')).body.data.map(({ message }: Body) => message.split(':')[0])).toEqual([
      'The resolution is overdue',
      'The resolution is due soon',
    ])
  })
})

describe('a pause', () => {
  it('stops time from counting, and says what remains', async () => {
    const { id } = await post()
    await punctual.advance(30 * MINUTE)
    const paused = (await ok(ada.post(`/emails/${id}/sla/pause`, { reason: 'on_hold' }))).clocks
    expect(paused).toMatchObject([
      { state: 'paused', deadlineAt: null, warningAt: null, pausedAt: at(0), pauseReason: 'on_hold' },
      { metric: 'resolution', state: 'paused' },
    ])
    await punctual.advance(1_000 * MINUTE)
    expect((await ada.get('/alerts')).body.data).toEqual([])
    expect((await ada.get('/emails?overdue=true')).body.data).toEqual([])
    expect((await ada.get('/emails?sort=deadline')).body.data).toEqual([])
    await ok(ada.post(`/emails/${id}/sla/resume`))
    expect(await read(id)).toMatchObject([
      { state: 'running', warningAt: at(50), deadlineAt: at(70) },
      { warningAt: at(210), deadlineAt: at(270) },
    ])
  })

  it('for the customer ends when the customer writes, at the instant of that mail', async () => {
    const first = await post()
    await ok(ada.post(`/emails/${first.id}/sla/pause`, { reason: 'waiting_for_customer' }))
    await punctual.advance(60 * MINUTE)
    await follow(first, { receivedAt: at(-20) })
    expect(await read(first.id)).toMatchObject([
      { state: 'running', deadlineAt: at(80) },
      { deadlineAt: at(280) },
    ])
    await ok(ada.post(`/emails/${first.id}/sla/pause`, { reason: 'on_hold' }))
    await follow(first)
    expect((await read(first.id))[0]).toMatchObject({ state: 'paused' })
  })

  it('is refused where nothing runs, and a reply while it lasts is in time', async () => {
    const { id } = await post()
    expect((await ada.post(`/emails/${id}/sla/resume`)).body.code).toBe('no_paused_clock')
    await ok(ada.post(`/emails/${id}/sla/pause`, { reason: 'on_hold' }))
    expect((await ada.post(`/emails/${id}/sla/pause`, { reason: 'on_hold' })).body.code).toBe(
      'no_running_clock',
    )
    await punctual.advance(1_000 * MINUTE)
    await ok(ada.post(`/emails/${id}/reply`, { text: 'Hello' }))
    expect(await clocks(id)).toEqual(['first_reply met', 'resolution paused'])
  })

  it('cannot hide that the time was over before it', async () => {
    const { id } = await post()
    punctual.clock.advance(301 * MINUTE) // the monitor has not looked yet
    expect((await ada.post(`/emails/${id}/sla/pause`, { reason: 'on_hold' })).body.code).toBe(
      'no_running_clock',
    )
    await punctual.advance(0)
    await eventually(async () =>
      expect(await clocks(id)).toEqual(['first_reply breached', 'resolution breached']),
    )
  })
})

describe('a change', () => {
  it('of priority computes the clocks anew from their original start', async () => {
    await ok(ada.patch(`/sla/settings/${policyId}`, { priorities: ['high'] }))
    const { id } = await post({ priority: 'high' })
    await punctual.advance(30 * MINUTE)
    await ok(ada.patch(`/emails/${id}`, { priority: 'medium' }))
    expect(await read(id)).toMatchObject([
      { state: 'running', startedAt: at(-30), targetMinutes: 1440 },
      { metric: 'resolution', state: 'cancelled' },
    ])
    await ok(ada.patch(`/emails/${id}`, { priority: 'high' }))
    expect(await read(id)).toMatchObject([
      { state: 'running', deadlineAt: at(70) },
      { metric: 'resolution', state: 'running', deadlineAt: at(270) },
    ])
  })

  it('of an email that had no clock starts the one it has now', async () => {
    await ok(ada.post('/sla/settings', { name: 'None', categories: ['spam'] }))
    const { id, clock } = await post({ category: 'spam' })
    expect(clock).toBeNull()
    await punctual.advance(30 * MINUTE)
    await ok(ada.patch(`/emails/${id}`, { category: 'no spam' }))
    expect(await read(id)).toMatchObject([
      { metric: 'first_reply', startedAt: at(-30) },
      { metric: 'resolution', startedAt: at(-30) },
    ])
  })

  it('of a policy reaches every running clock, with its pauses', async () => {
    const [running, paused, breached, answered] = [
      await post(),
      await post(),
      await post({ receivedAt: at(-200) }),
      await post(),
    ]
    await ok(ada.post(`/emails/${paused.id}/sla/pause`, { reason: 'on_hold' }))
    await ok(ada.post(`/emails/${answered.id}/reply`, { text: 'Hello' }))
    await punctual.advance(20 * MINUTE)
    await eventually(async () => expect((await clocks(breached.id))[0]).toBe('first_reply breached'))
    const before = await read(breached.id)
    await ok(ada.patch(`/sla/settings/${policyId}`, { firstReplyMinutes: 500 }))
    await settled()
    expect((await read(running.id))[0]).toMatchObject({ targetMinutes: 500, deadlineAt: at(480) })
    expect((await read(breached.id))[0]).toEqual(before[0]) // what was breached stays so
    expect((await read(answered.id))[0]).toMatchObject({ targetMinutes: 100, state: 'met' })
    await ok(ada.post(`/emails/${paused.id}/sla/resume`))
    expect((await read(paused.id))[0]).toMatchObject({ targetMinutes: 500, deadlineAt: at(500) })
  })

  it('that puts the deadline into the past breaches once, at once', async () => {
    const { id } = await post()
    await punctual.advance(40 * MINUTE)
    await ok(ada.patch(`/sla/settings/${policyId}`, { firstReplyMinutes: 30 }))
    await eventually(async () => expect((await clocks(id))[0]).toBe('first_reply breached'))
    await ok(ada.patch(`/sla/settings/${policyId}`, { firstReplyMinutes: 1_000 }))
    await ok(ada.patch(`/sla/settings/${policyId}`, { firstReplyMinutes: 20 }))
    await settled()
    const told = await punctual.query<{ name: string; due: string }>(
      `select name, data -> 'sla' ->> 'dueAt' as due from events where email_id = $1 and name like 'sla.%' order by seq`,
      [id],
    )
    expect(told).toEqual([
      { name: 'sla.warning', due: at(-16) },
      { name: 'sla.breached', due: at(-10) },
    ])
  })

  it('that has not come so far is minded by a reply', async () => {
    const { id } = await post()
    await punctual.advance(40 * MINUTE)
    const results = await Promise.all([
      ada.patch(`/sla/settings/${policyId}`, { firstReplyMinutes: 30 }),
      ada.post(`/emails/${id}/reply`, { text: 'Hello' }),
    ])
    expect(results.map(({ status }) => status)).toEqual([200, 201])
    await settled()
    const [clock] = await read(id)
    expect(clock).toMatchObject(
      clock!.targetMinutes === 30
        ? { state: 'late', deadlineAt: at(-10) }
        : { state: 'met', deadlineAt: at(60) },
    )
  })
})

describe('escalation', () => {
  it('raises the priority at the warning and hands the email to a manager at the breach', async () => {
    const { id: manager } = await ok(
      ada.post('/team/members', { name: 'Grace', email: 'g@example.com', role: 'manager' }),
    )
    await ok(
      ada.patch(`/sla/settings/${policyId}`, {
        onWarning: ['raise_priority'],
        onBreach: ['notify', 'reassign'],
      }),
    )
    const { id } = await post({ priority: 'low' })
    await punctual.advance(81 * MINUTE)
    await eventually(async () => expect((await ada.get(`/emails/${id}`)).body.priority).toBe('medium'))
    expect((await ada.get('/alerts')).body.data).toEqual([]) // nobody is notified of the warning
    await punctual.advance(20 * MINUTE)
    await eventually(async () => expect((await ada.get(`/emails/${id}`)).body.assigneeId).toBe(manager))
    expect((await ada.get('/alerts')).body.data).toMatchObject([{ type: 'sla.breached' }])
    expect(await punctual.query('select 1 from sla_escalations')).toEqual([])
  })
})

it('keeps a history that nobody can change', async () => {
  await post()
  await expect(punctual.query(`update sla_clock_history set at = at`)).rejects.toThrow('never changed')
})

const at = (minutes: number) => new Date(punctual.clock.now().getTime() + minutes * MINUTE).toISOString()

const post = (mail: object = {}): Promise<Body> =>
  ok(ada.post('/emails', { from: { address: 'c@example.com' }, subject: 'S', text: 'T', ...mail }))

const follow = ({ messageId }: Body, mail: object = {}) => post({ inReplyTo: messageId, ...mail })

async function ok(answer: Promise<Body>): Promise<Body> {
  const { status, body } = await answer
  expect([200, 201], JSON.stringify(body)).toContain(status)
  return body
}

const read = async (id: number): Promise<Body[]> => (await ok(ada.get(`/emails/${id}`))).clocks

const clocks = async (id: number): Promise<string[]> =>
  (await read(id)).map(({ metric, state, breachedAt }) =>
    state === 'running' && breachedAt ? `${metric} breached` : `${metric} ${state}`,
  )

const settled = () =>
  eventually(async () => {
    expect((await ada.get('/sla/recomputation')).body).toMatchObject({ isComplete: true, pendingClocks: 0 })
    expect(
      await punctual.query(`select 1 from sla_clocks where next_due_at <= ${punctual.clock.sqlNow}`),
    ).toEqual([])
  })
