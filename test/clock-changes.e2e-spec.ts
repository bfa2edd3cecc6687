import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
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

describe('a pause', () => {
  it('stops time from counting, and says what remains', async () => {
    const { id } = await mailbox.post()
    await punctual.advance(30 * MINUTE)
    const paused = (await mailbox.pause(id)).clocks
    expect(paused).toMatchObject([
      { state: 'paused', deadlineAt: null, warningAt: null, pausedAt: mailbox.at(0), pauseReason: 'on_hold' },
      { metric: 'resolution', state: 'paused' },
    ])
    await punctual.advance(1_000 * MINUTE)
    expect((await mailbox.api.get('/alerts')).body.data).toEqual([])
    expect((await mailbox.api.get('/emails?overdue=true')).body.data).toEqual([])
    expect((await mailbox.api.get('/emails?sort=deadline')).body.data).toEqual([])
    await mailbox.resume(id)
    expect(await mailbox.clocks(id)).toMatchObject([
      { state: 'running', warningAt: mailbox.at(50), deadlineAt: mailbox.at(70) },
      { warningAt: mailbox.at(210), deadlineAt: mailbox.at(270) },
    ])
  })

  it('for the customer ends when the customer writes, at the instant of that mail', async () => {
    const first = await mailbox.post()
    await mailbox.pause(first.id, 'waiting_for_customer')
    await punctual.advance(60 * MINUTE)
    await mailbox.follow(first, { receivedAt: mailbox.at(-20) })
    expect(await mailbox.clocks(first.id)).toMatchObject([
      { state: 'running', deadlineAt: mailbox.at(80) },
      { deadlineAt: mailbox.at(280) },
    ])
    await mailbox.pause(first.id)
    await mailbox.follow(first)
    expect((await mailbox.clocks(first.id))[0]).toMatchObject({ state: 'paused' })
  })

  it('is refused where nothing runs, and a reply while it lasts is in time', async () => {
    const { id } = await mailbox.post()
    expect((await mailbox.api.post(`/emails/${id}/sla/resume`)).body.code).toBe('no_paused_clock')
    await mailbox.pause(id)
    expect((await mailbox.api.post(`/emails/${id}/sla/pause`, { reason: 'on_hold' })).body.code).toBe(
      'no_running_clock',
    )
    await punctual.advance(1_000 * MINUTE)
    await mailbox.reply(id)
    expect(await mailbox.states(id)).toEqual(['first_reply met', 'resolution paused'])
  })

  it('cannot hide that the time was over before it', async () => {
    const { id } = await mailbox.post()
    punctual.clock.advance(301 * MINUTE) // the monitor has not looked yet
    expect((await mailbox.api.post(`/emails/${id}/sla/pause`, { reason: 'on_hold' })).body.code).toBe(
      'no_running_clock',
    )
    await punctual.advance(0)
    await eventually(async () =>
      expect(await mailbox.states(id)).toEqual(['first_reply breached', 'resolution breached']),
    )
  })
})

describe('a change', () => {
  it('of priority computes the clocks anew from their original start', async () => {
    await mailbox.changePolicy({ priorities: ['high'] })
    const { id } = await mailbox.post({ priority: 'high' })
    await punctual.advance(30 * MINUTE)
    await ok(mailbox.api.patch(`/emails/${id}`, { priority: 'medium' }))
    expect(await mailbox.clocks(id)).toMatchObject([
      { state: 'running', startedAt: mailbox.at(-30), targetMinutes: 1440 },
      { metric: 'resolution', state: 'running', targetMinutes: null, deadlineAt: null },
    ])
    await ok(mailbox.api.patch(`/emails/${id}`, { priority: 'high' }))
    expect(await mailbox.clocks(id)).toMatchObject([
      { state: 'running', deadlineAt: mailbox.at(70) },
      { metric: 'resolution', state: 'running', deadlineAt: mailbox.at(270) },
    ])
  })

  it('of an email that had no clock starts the one it has now', async () => {
    await ok(mailbox.api.post('/sla/settings', { name: 'None', categories: ['spam'] }))
    const { id, clock } = await mailbox.post({ category: 'spam' })
    expect(clock).toBeNull()
    await punctual.advance(30 * MINUTE)
    await ok(mailbox.api.patch(`/emails/${id}`, { category: 'no spam' }))
    expect(await mailbox.clocks(id)).toMatchObject([
      { metric: 'first_reply', startedAt: mailbox.at(-30) },
      { metric: 'resolution', startedAt: mailbox.at(-30) },
    ])
  })

  it('of a policy reaches every running clock, with its pauses', async () => {
    const [running, paused, breached, answered] = [
      await mailbox.post(),
      await mailbox.post(),
      await mailbox.post({ receivedAt: mailbox.at(-200) }),
      await mailbox.post(),
    ]
    await mailbox.pause(paused.id)
    await mailbox.reply(answered.id)
    await punctual.advance(20 * MINUTE)
    await eventually(async () => expect((await mailbox.states(breached.id))[0]).toBe('first_reply breached'))
    const before = await mailbox.clocks(breached.id)
    await mailbox.changePolicy({ firstReplyMinutes: 500 })
    await mailbox.settled()
    expect((await mailbox.clocks(running.id))[0]).toMatchObject({
      targetMinutes: 500,
      deadlineAt: mailbox.at(480),
    })
    expect((await mailbox.clocks(breached.id))[0]).toEqual(before[0]) // what was breached stays so
    expect((await mailbox.clocks(answered.id))[0]).toMatchObject({ targetMinutes: 100, state: 'met' })
    await mailbox.resume(paused.id)
    expect((await mailbox.clocks(paused.id))[0]).toMatchObject({
      targetMinutes: 500,
      deadlineAt: mailbox.at(500),
    })
  })

  it('that puts the deadline into the past breaches once, at once', async () => {
    const { id } = await mailbox.post()
    await punctual.advance(40 * MINUTE)
    await mailbox.changePolicy({ firstReplyMinutes: 30 })
    await eventually(async () => expect((await mailbox.states(id))[0]).toBe('first_reply breached'))
    await mailbox.changePolicy({ firstReplyMinutes: 1_000 })
    await mailbox.changePolicy({ firstReplyMinutes: 20 })
    await mailbox.settled()
    const told = await punctual.query<{ name: string; due: string }>(
      `select name, data -> 'sla' ->> 'dueAt' as due from events where email_id = $1 and name like 'sla.%' order by seq`,
      [id],
    )
    expect(told).toEqual([
      { name: 'sla.warning', due: mailbox.at(-16) },
      { name: 'sla.breached', due: mailbox.at(-10) },
    ])
  })

  it('that has not come so far is minded by a reply', async () => {
    const { id } = await mailbox.post()
    await punctual.advance(40 * MINUTE)
    const results = await Promise.all([
      mailbox.api.patch(`/sla/settings/${mailbox.policyId}`, { firstReplyMinutes: 30 }),
      mailbox.api.post(`/emails/${id}/reply`, { text: 'Hello' }),
    ])
    expect(results.map(({ status }) => status)).toEqual([200, 201])
    await mailbox.settled()
    const [clock] = await mailbox.clocks(id)
    expect(clock).toMatchObject(
      clock!.targetMinutes === 30
        ? { state: 'late', deadlineAt: mailbox.at(-10) }
        : { state: 'met', deadlineAt: mailbox.at(60) },
    )
  })
})

describe('escalation', () => {
  it('raises the priority at the warning and hands the email to a manager at the breach', async () => {
    const { id: manager } = await ok(
      mailbox.api.post('/team/members', { name: 'Grace', email: 'g@example.com', role: 'manager' }),
    )
    await mailbox.changePolicy({
      onWarning: ['raise_priority'],
      onBreach: ['notify', 'reassign'],
    })
    const { id } = await mailbox.post({ priority: 'low' })
    await punctual.advance(81 * MINUTE)
    await eventually(async () =>
      expect((await mailbox.api.get(`/emails/${id}`)).body.priority).toBe('medium'),
    )
    expect((await mailbox.api.get('/alerts')).body.data).toEqual([]) // nobody is notified of the warning
    await punctual.advance(20 * MINUTE)
    await eventually(async () =>
      expect((await mailbox.api.get(`/emails/${id}`)).body.assigneeId).toBe(manager),
    )
    expect((await mailbox.api.get('/alerts')).body.data).toMatchObject([{ type: 'sla.breached' }])
    expect(await punctual.query('select 1 from sla_escalations')).toEqual([])
  })
})
