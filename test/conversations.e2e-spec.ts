import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiAnswer, ApiClient, Body } from './support/api-client.js'
import { startTestApp, type TestApp } from './support/test-app.js'

const MINUTE = 60_000

let punctual: TestApp
beforeAll(async () => {
  punctual = await startTestApp()
})
afterAll(() => punctual.stop())

describe('a reply', () => {
  it('answers all mail of its conversation that has come by then, and tells of it once', async () => {
    const ada = await punctual.tenant()
    const [first, second] = await conversation(ada, 2)
    const [stranger] = await conversation(ada, 1)
    await punctual.advance(MINUTE)
    const atTheSameInstant = await post(ada, { inReplyTo: first.messageId })
    const later = await post(ada, { inReplyTo: first.messageId, receivedAt: minutesFromNow(1) })

    const answered = (await ada.post(`/emails/${second.id}/reply`, { text: 'Because.' })).body
    const repliedAt = punctual.clock.now().toISOString()
    expect(answered).toMatchObject({ status: 'replied', repliedAt })
    for (const { id } of [first, atTheSameInstant]) {
      const email = await read(ada, id)
      expect(email).toMatchObject({ status: 'replied', repliedAt, replies: [] })
      expect(email.history.at(-1)).toMatchObject({
        action: 'answered',
        actorId: ada.tenantId,
        detail: { by: { replyId: answered.replies[0].id, emailId: second.id } },
      })
    }
    for (const { id } of [later, stranger])
      expect(await read(ada, id)).toMatchObject({ status: 'open', repliedAt: null })
    expect(answered.history.map(({ action }: Body) => action)).not.toContain('answered')
    expect(await toldOf(ada, 'email.replied')).toEqual([second.id])
  })

  it('keeps the instant of the first answer, and lets what is closed be closed', async () => {
    const ada = await punctual.tenant()
    const [first, second, third] = await conversation(ada, 3)
    await ada.post(`/emails/${first.id}/reply`, { text: 'Because.' })
    const { repliedAt } = await read(ada, second.id)
    await ada.post(`/emails/${third.id}/resolve`)
    await ada.post(`/emails/${first.id}/reopen`)
    await punctual.advance(MINUTE)
    expect((await ada.post(`/emails/${first.id}/reply`, { text: 'And also.' })).status).toBe(201)
    expect(await read(ada, first.id)).toMatchObject({ status: 'replied', repliedAt })
    expect(await read(ada, second.id)).toMatchObject({ status: 'resolved', repliedAt })
    const refused = await ada.post(`/emails/${second.id}/reply`, { text: 'Too late' })
    expect(refused).toMatchObject({ status: 409, body: { code: 'email_resolved' } })
  })

  it('to mail that is answered already answers what came since', async () => {
    const ada = await punctual.tenant()
    const [first] = await conversation(ada, 1)
    await ada.post(`/emails/${first.id}/reply`, { text: 'Because.' })
    await punctual.advance(MINUTE)
    const since = await post(ada, { inReplyTo: first.messageId })
    await ada.post(`/emails/${first.id}/reply`, { text: 'And also.' })
    const repliedAt = punctual.clock.now().toISOString()
    expect(await read(ada, since.id)).toMatchObject({ status: 'replied', repliedAt })
    expect((await read(ada, first.id)).repliedAt).not.toBe(repliedAt)
  })
})

describe('resolving', () => {
  it('closes the whole conversation, and tells of it once', async () => {
    const ada = await punctual.tenant()
    const [first, second, third] = await conversation(ada, 3)
    const [stranger] = await conversation(ada, 1)
    await ada.post(`/emails/${third.id}/reply`, { text: 'Because.' })
    const late = await post(ada, { inReplyTo: first.messageId })
    expect((await ada.post(`/emails/${second.id}/resolve`)).body.status).toBe('resolved')
    const resolvedAt = punctual.clock.now().toISOString()
    for (const { id } of [first, third, late]) {
      const email = await read(ada, id)
      expect(email).toMatchObject({ status: 'resolved', resolvedAt })
      expect(email.history.at(-1)).toMatchObject({
        action: 'resolved',
        actorId: ada.tenantId,
        detail: { with: second.id },
      })
    }
    expect((await read(ada, stranger.id)).status).toBe('open')
    expect(await toldOf(ada, 'email.resolved')).toEqual([second.id])
  })

  it('leaves alone what was closed before, and reopening opens one email only', async () => {
    const ada = await punctual.tenant()
    const [first, second] = await conversation(ada, 2)
    await ada.post(`/emails/${first.id}/resolve`)
    const { resolvedAt } = await read(ada, second.id)
    await punctual.advance(MINUTE)
    expect((await ada.post(`/emails/${first.id}/reopen`)).body).toMatchObject({
      status: 'open',
      resolvedAt: null,
    })
    expect(await read(ada, second.id)).toMatchObject({ status: 'resolved', resolvedAt })
    await ada.post(`/emails/${first.id}/resolve`)
    const untouched = await read(ada, second.id)
    expect(untouched.resolvedAt).toBe(resolvedAt)
    expect(untouched.history.filter(({ action }: Body) => action === 'resolved')).toHaveLength(1)
  })
})

describe('at the same moment', () => {
  it('replies to one conversation, and its closing, wait for each other and not in a circle', async () => {
    const ada = await punctual.tenant()
    for (let round = 0; round < 3; round++) {
      const emails = await conversation(ada, 6)
      const replies = [...emails, ...emails.toReversed()].map(({ id }) => reply(ada, id))
      expect((await Promise.all(replies)).map(outcome)).toEqual(Array(12).fill('201'))
      const answers = await Promise.all([
        ...emails.map(({ id }) => reply(ada, id)),
        ...emails.toReversed().map(({ id }) => ada.post(`/emails/${id}/resolve`)),
        ...emails.map(({ id }, n) => ada.patch(`/emails/${id}`, { category: `c${n}` })),
      ])
      expect(answers.map(outcome).filter((each) => !/^(200|201|409 email_resolved)$/.test(each))).toEqual([])
      const closed = answers.slice(6, 12).map(outcome)
      expect(closed.filter((each) => each === '200')).toHaveLength(1)
      for (const { id } of emails) expect((await read(ada, id)).status).toBe('resolved')
    }
    expect(await toldOf(ada, 'email.resolved')).toHaveLength(3)
  })

  it('replies go on while late messages make one conversation of several', async () => {
    const ada = await punctual.tenant()
    for (let round = 0; round < 4; round++) {
      const all = [await conversation(ada, 3), await conversation(ada, 3), await conversation(ada, 3)]
      const [a, b, c] = all as [Body[], Body[], Body[]]
      const link = (...linked: Body[]) =>
        ada.post('/emails', { ...MAIL, references: linked.map(({ messageId }) => messageId) })
      const answers = await Promise.all([
        ...interleaved(all).map(({ id }) => reply(ada, id)),
        link(b[0], c[0]),
        link(a[1], b[1]),
        ...interleaved(all)
          .toReversed()
          .map(({ id }) => reply(ada, id)),
      ])
      expect(answers.map(outcome)).toEqual(Array(20).fill('201'))
      const threads = await Promise.all(all.flat().map(async ({ id }) => (await read(ada, id)).threadId))
      expect(new Set(threads).size).toBe(1)
    }
  })
})

const MAIL = { from: { address: 'customer@example.com' }, subject: 'A question', text: 'Why?' }

/** So many messages of one conversation, in the order of their ids. */
async function conversation(client: ApiClient, size: number): Promise<Body[]> {
  const first = await post(client)
  const emails = [first]
  while (emails.length < size) emails.push(await post(client, { inReplyTo: first.messageId }))
  expect(new Set(emails.map(({ threadId }) => threadId)).size).toBe(1)
  return emails
}

let messages = 0

async function post(client: ApiClient, more: object = {}): Promise<Body> {
  const { status, body } = await client.post('/emails', {
    ...MAIL,
    messageId: `${++messages}@example.com`,
    ...more,
  })
  expect(status, JSON.stringify(body)).toBe(201)
  return body
}

const reply = (client: ApiClient, id: number) => client.post(`/emails/${id}/reply`, { text: 'Because.' })
const read = async (client: ApiClient, id: number): Promise<Body> => (await client.get(`/emails/${id}`)).body

const minutesFromNow = (minutes: number) =>
  new Date(punctual.clock.now().getTime() + minutes * MINUTE).toISOString()

/** Such as `201`, or `409 try_again`, which is what a deadlock looks like from outside. */
const outcome = ({ status, body }: ApiAnswer) => [status, body.code].filter(Boolean).join(' ')

const interleaved = (lists: Body[][]) => lists[0]!.flatMap((_, index) => lists.map((list) => list[index]!))

async function toldOf({ tenantId }: ApiClient, name: string): Promise<number[]> {
  const rows = await punctual.query<{ emailId: number }>(
    `select email_id as "emailId" from events where user_id = $1 and name = $2 order by seq`,
    [tenantId, name],
  )
  return rows.map(({ emailId }) => emailId)
}
