import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Transaction } from '../src/database/transaction.js'
import { UnitOfWork } from '../src/database/unit-of-work.js'
import { Emails } from '../src/emails/emails.service.js'
import type { ApiClient, Body } from './support/api-client.js'
import { startTestApp, type TestApp } from './support/test-app.js'

/** What the tenant's rules do with mail, where no person is the actor. */

const REASON = 'Overdue by an hour'

let punctual: TestApp
let emails: Emails
beforeAll(async () => {
  punctual = await startTestApp()
  emails = punctual.app.get(Emails)
})
afterAll(() => punctual.stop())

describe('raising the priority', () => {
  it('goes one step at a time, and says why', async () => {
    const ada = await punctual.tenant()
    const { id } = await post(ada, { priority: 'low' })
    const raise = () => run((tx) => emails.raisePriority(tx, ada.tenantId, id, REASON))
    expect(await raise()).toBe(true)
    expect((await read(ada, id)).priority).toBe('medium')
    expect(await raise()).toBe(true)
    const { priority, history } = await read(ada, id)
    expect(priority).toBe('high')
    expect(history.at(-1)).toMatchObject({
      action: 'changed',
      actorId: null,
      detail: { priority: { from: 'medium', to: 'high' }, reason: REASON },
    })
    expect(await raise()).toBe(false)
    expect((await read(ada, id)).history).toEqual(history)
  })

  it.each(['reply', 'resolve'])('leaves an email alone after its %s, and those of others', async (action) => {
    const ada = await punctual.tenant()
    const { id } = await post(ada)
    await answer(ada, id, action)
    expect(await run((tx) => emails.raisePriority(tx, ada.tenantId, id, REASON))).toBe(false)
    expect((await read(ada, id)).priority).toBe('medium')
    const eve = await punctual.tenant()
    await expect(run((tx) => emails.raisePriority(tx, eve.tenantId, id, REASON))).rejects.toThrow('no such')
  })

  it('counts each of two at the same moment', async () => {
    const ada = await punctual.tenant()
    const { id } = await post(ada, { priority: 'low' })
    const raise = () => run((tx) => emails.raisePriority(tx, ada.tenantId, id, REASON))
    expect((await Promise.all([raise(), raise(), raise()])).sort()).toEqual([false, true, true])
  })
})

describe('handing to a manager', () => {
  it('chooses the active manager with the fewest open emails, the first of equals', async () => {
    const ada = await punctual.tenant()
    const agent = await member(ada, 'agent')
    const left = await member(ada, 'manager')
    await ada.patch(`/team/members/${left.id}`, { isActive: false })
    const [grace, lin] = [await member(ada, 'manager'), await member(ada, 'manager')]
    const given: number[] = []
    for (let n = 0; n < 3; n++) {
      const { id } = await post(ada)
      if (n === 0) await ada.post(`/emails/${id}/assign`, { memberId: agent.id })
      expect(await hand(ada, id)).toBe(true)
      given.push((await read(ada, id)).assigneeId)
    }
    expect(given).toEqual([grace.id, lin.id, grace.id])
    // Grace has answered hers: only what is open counts.
    for (const { id } of (await ada.get(`/emails?assignee=${grace.id}`)).body.data)
      await ada.post(`/emails/${id}/reply`, { text: 'Because.' })
    const { id } = await post(ada)
    await hand(ada, id)
    expect((await read(ada, id)).assigneeId).toBe(grace.id)
  })

  it('tells of the assignment and records why', async () => {
    const ada = await punctual.tenant()
    const agent = await member(ada, 'agent')
    const grace = await member(ada, 'manager')
    const { id } = await post(ada)
    await ada.post(`/emails/${id}/assign`, { memberId: agent.id })
    await hand(ada, id)
    const { history } = await read(ada, id)
    expect(history.filter(({ action }: Body) => action === 'email.assigned').at(-1).detail).toEqual({
      assignee: { id: grace.id, name: grace.name, email: grace.email, role: 'manager' },
      previousAssigneeId: agent.id,
    })
    expect(history.find(({ action }: Body) => action === 'changed')).toMatchObject({
      actorId: null,
      detail: { assigneeId: { from: agent.id, to: grace.id }, reason: REASON },
    })
  })

  it('does nothing when a manager has it, there is none, or it is answered or resolved', async () => {
    const ada = await punctual.tenant()
    const { id } = await post(ada)
    expect(await hand(ada, id)).toBe(false)
    const [grace, lin] = [await member(ada, 'manager'), await member(ada, 'manager')]
    await ada.post(`/emails/${id}/assign`, { memberId: lin.id })
    expect(await hand(ada, id)).toBe(false)
    expect((await read(ada, id)).assigneeId).toBe(lin.id)
    await ada.patch(`/team/members/${lin.id}`, { isActive: false })
    expect(await hand(ada, id)).toBe(true)
    expect((await read(ada, id)).assigneeId).toBe(grace.id)
    for (const action of ['reply', 'resolve']) {
      const done = await post(ada)
      await answer(ada, done.id, action)
      expect(await hand(ada, done.id)).toBe(false)
      expect((await read(ada, done.id)).assigneeId).toBeNull()
    }
    const eve = await punctual.tenant()
    const hers = await post(eve)
    expect(await hand(eve, hers.id)).toBe(false) // Ada's managers are not hers
  })
})

const run = <T>(work: (tx: Transaction) => Promise<T>) => punctual.app.get(UnitOfWork).run(work)

const hand = ({ tenantId }: ApiClient, id: number) =>
  run((tx) => emails.handToManager(tx, tenantId, id, REASON))

const answer = (client: ApiClient, id: number, action: string) =>
  client.post(`/emails/${id}/${action}`, action === 'reply' ? { text: 'Because.' } : undefined)

const read = async (client: ApiClient, id: number): Promise<Body> => (await client.get(`/emails/${id}`)).body

async function post(client: ApiClient, more: object = {}): Promise<Body> {
  const mail = { from: { address: 'customer@example.com' }, subject: 'A question', text: 'Why?' }
  return (await client.post('/emails', { ...mail, ...more })).body
}

let members = 0

async function member(client: ApiClient, role: string): Promise<Body> {
  const name = `member${++members}`
  return (await client.post('/team/members', { name, email: `${name}@example.com`, role })).body
}
