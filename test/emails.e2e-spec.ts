import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiClient, Body } from './support/api-client.js'
import { startTestApp, type TestApp } from './support/test-app.js'

const MINUTE = 60_000
const MAIL = 'test/fixtures/mail'

let punctual: TestApp
beforeAll(async () => {
  punctual = await startTestApp()
})
afterAll(() => punctual.stop())

describe('mail in', () => {
  it('takes the same Message-ID once in a mailbox, also when it comes twice at the same moment', async () => {
    const ada = await punctual.tenant()
    const answers = await Promise.all([1, 2, 3].map(() => post(ada, { messageId: '<one@example.com>' })))
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201])
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1)
    expect(answers.filter(({ body }) => !body.duplicate)).toHaveLength(1)
    const events = await punctual.query('select 1 from events where user_id = $1', [ada.tenantId])
    expect(events).toHaveLength(1)
    const eve = await punctual.tenant()
    expect((await post(eve, { messageId: 'one@example.com' })).body.duplicate).toBe(false)
  })

  it('joins threads by References, also when the child comes before its parent, and never across tenants', async () => {
    const ada = await punctual.tenant()
    const threadOf = async (file: string) => (await ada.postMail(`${MAIL}/${file}`)).body.threadId
    const child = await threadOf('08-thread-child-before-parent.eml')
    const original = await threadOf('06-thread-original.eml')
    const followUp = await threadOf('07-thread-follow-up.eml')
    const list = (await ada.get('/emails')).body.data
    expect(new Set(list.map((email: Body) => email.threadId)).size).toBe(1)
    expect(new Set([child, original, followUp]).size).toBe(1)
    const first = (await ada.get(`/emails/${list[0].id}`)).body
    expect(first.thread).toHaveLength(3)
    const eve = await punctual.tenant()
    expect((await eve.postMail(`${MAIL}/07-thread-follow-up.eml`)).body.threadId).not.toBe(followUp)
  })

  it('makes one thread of two that a late message proves to be one', async () => {
    const ada = await punctual.tenant()
    await post(ada, { messageId: 'a@example.com' })
    await post(ada, { messageId: 'b@example.com' })
    await post(ada, { messageId: 'c@example.com', references: ['a@example.com', 'b@example.com'] })
    const threads = (await ada.get('/emails')).body.data.map((email: Body) => email.threadId)
    expect(threads).toHaveLength(3)
    expect(new Set(threads).size).toBe(1)
  })

  it('keeps attachments and gives them back byte for byte, only as downloads', async () => {
    const ada = await punctual.tenant()
    const { id } = (await ada.postMail(`${MAIL}/02-attachments.eml`)).body
    const { attachments } = (await ada.get(`/emails/${id}`)).body
    expect(attachments.length).toBeGreaterThan(1)
    for (const file of attachments) {
      const response = await fetch(`${punctual.baseUrl}/api/emails/${id}/attachments/${file.id}`, {
        headers: { authorization: `Bearer ${ada.token}` },
      })
      const digest = await crypto.subtle.digest('SHA-256', await response.arrayBuffer())
      expect(Buffer.from(digest).toString('hex')).toBe(file.sha256)
      expect(response.headers.get('content-disposition')).toMatch(/^attachment; filename\*=UTF-8''/)
      expect(response.headers.get('x-content-type-options')).toBe('nosniff')
      expect(response.headers.get('content-security-policy')).toContain('sandbox')
    }
  })

  it('starts no clock for automatic replies and bounces', async () => {
    const ada = await punctual.tenant()
    for (const file of ['09-vacation.eml', '10-bounce.eml']) {
      const { body } = await ada.postMail(`${MAIL}/${file}`)
      expect(body).toMatchObject({ clock: null })
      expect(body.kind).not.toBe('human')
    }
    expect((await ada.postMail(`${MAIL}/12-vip-high-priority.eml`)).body).toMatchObject({
      kind: 'human',
      priority: 'high',
      clock: { state: 'running' },
    })
  })

  it('says what is wrong with what is no mail', async () => {
    const ada = await punctual.tenant()
    const garbage = await ada.postMail(Buffer.from([0, 1, 2, 3, 255]))
    expect(garbage).toMatchObject({ status: 422, body: { code: 'unreadable_mail' } })
    const parts = `From: a@example.com\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\n'.repeat(3_000)}`
    const tooMuch = await ada.postMail(Buffer.from(parts))
    expect(tooMuch).toMatchObject({ status: 422, body: { code: 'mail_too_complex' } })
    expect((await ada.post('/emails/inbound', { not: 'mail' })).status).toBe(415)
    const future = await post(ada, { receivedAt: '2099-01-01T00:00:00Z' })
    expect(future).toMatchObject({ status: 400, body: { errors: [{ field: 'receivedAt' }] } })
  })
})

describe('work on mail', () => {
  it('goes through its states and refuses what makes no sense with 409', async () => {
    const ada = await punctual.tenant()
    const { id } = (await post(ada)).body
    const act = async (action: string, body?: object) =>
      (await ada.post(`/emails/${id}/${action}`, body)).status
    expect(await act('reopen')).toBe(409)
    expect(await act('unassign')).toBe(409)
    expect(await act('reply', { text: 'Hello' })).toBe(201)
    expect(await act('reply', { text: 'One thing more' })).toBe(201)
    expect(await act('resolve')).toBe(200)
    expect(await act('resolve')).toBe(409)
    expect(await act('reply', { text: 'Too late' })).toBe(409)
    expect(await act('assign', { memberId: 1 })).toBe(409)
    expect(await act('reopen')).toBe(200)
    expect((await ada.get(`/emails/${id}`)).body).toMatchObject({ status: 'replied', resolvedAt: null })
  })

  it('answers once when two resolve at the same moment', async () => {
    const ada = await punctual.tenant()
    const { id } = (await post(ada)).body
    const answers = await Promise.all([1, 2, 3].map(() => ada.post(`/emails/${id}/resolve`)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409])
  })

  it('records who changed what', async () => {
    const ada = await punctual.tenant()
    const { id } = (await post(ada)).body
    const changed = await ada.patch(`/emails/${id}`, { priority: 'high', category: 'billing' })
    expect(changed.body).toMatchObject({ priority: 'high', category: 'billing' })
    expect(changed.body.history.at(-1)).toMatchObject({
      action: 'changed',
      actorId: ada.tenantId,
      detail: { priority: { from: 'medium', to: 'high' }, category: { from: null, to: 'billing' } },
    })
    expect((await ada.patch(`/emails/${id}`, { category: null })).body.category).toBeNull()
    expect((await ada.patch(`/emails/${id}`, { priority: null })).status).toBe(400)
  })

  it('gives no mail to members who have left', async () => {
    const ada = await punctual.tenant()
    const { id } = (await post(ada)).body
    const member = (await ada.post('/team/members', { name: 'Lin', email: 'lin@example.com' })).body
    await ada.patch(`/team/members/${member.id}`, { isActive: false })
    const refused = await ada.post(`/emails/${id}/assign`, { memberId: member.id })
    expect(refused).toMatchObject({ status: 422, body: { code: 'member_inactive' } })
  })
})

describe('the list', () => {
  it('filters, sorts and pages without gaps or repeats while mail comes in', async () => {
    const ada = await punctual.tenant()
    for (let n = 0; n < 7; n++) {
      await post(ada, { subject: `Question ${n}`, priority: n % 2 ? 'high' : 'low' })
      if (n % 3 === 0) await punctual.advance(1_000) // some share their instant
    }
    const seen: string[] = []
    let path = '/emails?limit=2'
    for (;;) {
      const { data, nextCursor } = (await ada.get(path)).body
      seen.push(...data.map((email: Body) => email.subject))
      await post(ada, { subject: 'Newer' })
      if (!nextCursor) break
      path = `/emails?limit=2&cursor=${nextCursor}`
    }
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4, 5, 6].map((n) => `Question ${n}`))
    const high = (await ada.get('/emails?priority=high&sort=deadline&limit=2')).body
    expect(high.data.map((email: Body) => email.priority)).toEqual(['high', 'high'])
    const rest = (await ada.get(`/emails?priority=high&sort=deadline&cursor=${high.nextCursor}`)).body
    expect(rest.data).toHaveLength(1)
    expect((await ada.get('/emails?q="question 3"')).body.data).toMatchObject([{ subject: 'Question 3' }])
    expect((await ada.get('/emails?q=question -3&status=open&limit=100')).body.data).toHaveLength(6)
    expect((await ada.get('/emails?assignee=none&customerTier=vip')).body.data).toEqual([])
    await punctual.advance(241 * MINUTE)
    expect((await ada.get('/emails?overdue=true')).body.data).toHaveLength(3)
  })

  it('names the filter that is wrong', async () => {
    const ada = await punctual.tenant()
    for (const query of [
      'status=closed',
      'limit=0',
      'limit=1000',
      'cursor=nonsense',
      'assignee=me',
      'statsu=open',
    ]) {
      const { status, body } = await ada.get(`/emails?${query}`)
      expect([query, status, body.errors[0].field]).toEqual([query, 400, query.split('=')[0]])
    }
  })
})

it('carries out a request with an Idempotency-Key once, also when it is sent twice at the same moment', async () => {
  const ada = await punctual.tenant()
  const send = (subject: string) =>
    ada.post(
      '/emails',
      { from: { address: 'x@example.com' }, subject, text: '' },
      { 'idempotency-key': 'k1' },
    )
  const answers = await Promise.all([send('A'), send('A'), send('A')])
  expect(answers.map(({ status }) => status)).toEqual([201, 201, 201])
  const again = await send('A')
  expect(again.headers.get('idempotency-replayed')).toBe('true')
  expect(again.status).toBe(201)
  expect(await send('B')).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } })
  expect((await ada.get('/emails')).body.data).toMatchObject([{ id: again.body.id, subject: 'A' }])
})

const post = (client: ApiClient, more: object = {}) =>
  client.post('/emails', {
    from: { address: 'customer@example.com' },
    subject: 'A question',
    text: 'Why?',
    ...more,
  })
