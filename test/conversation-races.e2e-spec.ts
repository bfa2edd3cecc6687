import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { UnitOfWork } from '../src/database/unit-of-work.js'
import { Emails } from '../src/emails/emails.service.js'
import type { ApiAnswer, ApiClient, Body } from './support/api-client.js'
import { eventually } from './support/eventually.js'
import { MINUTE, ok } from './support/mailbox.js'
import { pick, randomly } from './support/random.js'
import { startTestApp, type TestApp } from './support/test-app.js'

let punctual: TestApp
beforeAll(async () => {
  punctual = await startTestApp()
})
afterAll(() => punctual.stop())

describe.each([
  ['reply', 'replied'],
  ['resolve', 'resolved'],
] as const)('mail that arrives while its conversation sees a %s', (action, done) => {
  const act = (client: ApiClient, { id }: Body) =>
    client.post(`/emails/${id}/${action}`, action === 'reply' ? { text: 'Because.' } : undefined)

  it('first is seen by that', async () => {
    const ada = await punctual.tenant()
    const first = await post(ada)
    const release = await hold(conversation(first.threadId))
    const arriving = join(ada, first)
    await waiting(1)
    const acting = act(ada, first)
    await waiting(2)
    await release()
    expect((await acting).body.status).toBe(done)
    expect((await read(ada, (await arriving).id)).status).toBe(done)
  })

  it('later comes after it', async () => {
    const ada = await punctual.tenant()
    const first = await post(ada)
    const release = await hold(conversation(first.threadId))
    const acting = act(ada, first)
    await waiting(1)
    const arriving = join(ada, first)
    await waiting(2)
    await release()
    expect((await acting).body.status).toBe(done)
    expect(await read(ada, (await arriving).id)).toMatchObject({ status: 'open', threadId: first.threadId })
  })

  it('in the middle waits for its end', async () => {
    const ada = await punctual.tenant()
    const first = await post(ada)
    const release = await hold(row(first))
    const acting = act(ada, first)
    await waiting(1) // for the row, having the conversation
    const arriving = join(ada, first)
    await waiting(2)
    await release()
    expect((await acting).body.status).toBe(done)
    expect((await read(ada, (await arriving).id)).status).toBe('open')
  })
})

it('what clocks depend on changes after who holds the conversation; who has the mail to do does not', async () => {
  const ada = await punctual.tenant()
  const [closed, open] = [await post(ada), await post(ada)]
  await ada.post(`/emails/${closed.id}/resolve`)
  const member = { name: 'Grace', email: 'grace@example.com', role: 'agent' }
  const { id: memberId } = await ok(ada.post('/team/members', member))
  const release = await hold(`${conversation(closed.threadId)}, ${conversation(open.threadId)}`)
  const reopening = ada.post(`/emails/${closed.id}/reopen`)
  const changing = ada.patch(`/emails/${open.id}`, { category: 'billing' })
  const { tenantId } = ada
  const raising = punctual.app
    .get(UnitOfWork)
    .run((tx) => punctual.app.get(Emails).raisePriority(tx, tenantId, open.id, 'Overdue'))
  await waiting(3)
  expect(await ok(ada.post(`/emails/${open.id}/assign`, { memberId }))).toMatchObject({
    assigneeId: memberId,
  })
  expect(await ok(ada.post(`/emails/${open.id}/unassign`))).toMatchObject({ assigneeId: null })
  await post(ada)
  await waiting(3)
  await release()
  expect([outcome(await reopening), outcome(await changing), await raising]).toEqual(['200', '200', true])
  expect(await read(ada, open.id)).toMatchObject({ category: 'billing', priority: 'high' })
})

describe('while two conversations become one', () => {
  it('a message that joins the one that ends gets into the one that remains', async () => {
    const ada = await punctual.tenant()
    const { remains, ends } = await twoConversations(ada)
    const release = await hold(row(ends[0]))
    const merging = post(ada, referringTo(remains[0], ends[0]))
    await waiting(1) // for the row, having both conversations
    const joining = join(ada, ends[1])
    await waiting(2)
    await release()
    expect((await merging).threadId).toBe(remains[0].threadId)
    expect((await joining).threadId).toBe(remains[0].threadId)
  })

  it('an answer to the one that ends answers the one that remains, and closing closes it', async () => {
    const ada = await punctual.tenant()
    const { remains, ends } = await twoConversations(ada)
    const release = await hold(row(ends[0]))
    const merging = post(ada, referringTo(remains[0], ends[0]))
    await waiting(1)
    const replying = ada.post(`/emails/${ends[1].id}/reply`, { text: 'Because.' })
    await waiting(2)
    const closing = ada.post(`/emails/${ends[0].id}/resolve`)
    const changing = ada.patch(`/emails/${ends[1].id}`, { priority: 'high' })
    await waiting(4)
    await release()
    const answers = [await replying, await closing, await changing]
    expect(answers.map(outcome)).toEqual(['201', '200', '200'])
    for (const { id } of [...remains, ...ends, await merging]) {
      const email = await read(ada, id)
      expect(email).toMatchObject({ status: 'resolved', threadId: remains[0].threadId })
      expect(email.repliedAt).not.toBeNull()
    }
  })

  it('who waited for the one that ends does not stand in the way of who waits for both', async () => {
    const ada = await punctual.tenant()
    const { remains, ends } = await twoConversations(ada)
    const release = await hold(row(ends[0]))
    const merging = post(ada, referringTo(remains[0], ends[0]))
    await waiting(1)
    const reply = ada.post(`/emails/${ends[1].id}/reply`, { text: 'Because.' })
    await waiting(2)
    // Waits for the one that remains, and then for the one that the reply has got by then.
    const mergingToo = post(ada, referringTo(remains[1], ends[1]))
    await waiting(3)
    await release()
    expect(outcome(await reply)).toBe('201')
    for (const { threadId } of [await merging, await mergingToo]) expect(threadId).toBe(remains[0].threadId)
  })
})

it('whatever happens to few conversations at once happens, and never in a circle', async () => {
  const random = randomly(7)
  const ada = await punctual.tenant()
  for (let round = 0; round < 3; round++) {
    const begun = await Promise.all([1, 2, 3, 4].map(() => post(ada)))
    const joined = await Promise.all([...begun, ...begun].map((email) => join(ada, email)))
    const emails = [...begun, ...joined]
    const actions = [
      ({ id }: Body) => ada.post(`/emails/${id}/reply`, { text: 'Because.' }),
      ({ id }: Body) => ada.post(`/emails/${id}/resolve`),
      ({ id }: Body) => ada.post(`/emails/${id}/reopen`),
      ({ id }: Body) => ada.patch(`/emails/${id}`, { priority: pick(random, ['high', 'medium', 'low']) }),
      ({ id }: Body) => ada.patch(`/emails/${id}`, { category: `c${random.integer(1, 9)}` }),
      ({ messageId }: Body) => ada.post('/emails', { ...MAIL, inReplyTo: messageId }),
      (email: Body) => ada.post('/emails', { ...MAIL, ...referringTo(email, pick(random, emails)) }),
    ]
    const answers = await Promise.all(
      Array.from({ length: 80 }, () => pick(random, actions)(pick(random, emails))),
    )
    const outcomes = answers.map(outcome)
    expect(outcomes.filter((one) => !/^(20[01]|409 email_(not_)?resolved)$/.test(one))).toEqual([])
    const links = await punctual.query<{ threads: number }>(
      `select count(distinct p.thread_id)::int as threads from emails e
       join emails p on p.message_id = any(e.reference_ids) or p.id = e.id where e.user_id = $1 group by e.id`,
      [ada.tenantId],
    )
    expect(links.filter(({ threads }) => threads !== 1)).toEqual([])
  }
})

const MAIL = { from: { address: 'customer@example.com' }, subject: 'A question', text: 'Why?' }

const post = (client: ApiClient, more: object = {}): Promise<Body> =>
  ok(client.post('/emails', { ...MAIL, ...more }))
const join = (client: ApiClient, { messageId }: Body) => post(client, { inReplyTo: messageId })
const read = (client: ApiClient, id: number): Promise<Body> => ok(client.get(`/emails/${id}`))
const referringTo = (...emails: Body[]) => ({ references: emails.map(({ messageId }) => messageId) })
const outcome = ({ status, body }: ApiAnswer) => [status, body.code].filter(Boolean).join(' ')

/** Of two messages each. Who takes both takes the one that remains, which is the older one, before the other. */
async function twoConversations(client: ApiClient): Promise<{ remains: Body[]; ends: Body[] }> {
  const begun = await Promise.all([post(client), post(client)])
  const [first, second] = await punctual.query<{ threadId: string }>(
    `select id as "threadId" from unnest($1::text[]) as id order by ${keyOf('id')}`,
    [begun.map(({ threadId }) => threadId)],
  )
  const [older, newer] = [first, second].map((one) =>
    begun.find(({ threadId }) => threadId === one!.threadId),
  )
  const receivedAt = new Date(punctual.clock.now().getTime() - MINUTE).toISOString()
  const oldest = await post(client, { inReplyTo: older!.messageId, receivedAt })
  return { remains: [oldest, older!], ends: [newer!, await join(client, newer!)] }
}

const keyOf = (threadId: string) => `hashtextextended('conversation ' || ${threadId}, 0)`
const conversation = (threadId: string) => `pg_advisory_xact_lock(${keyOf(`'${threadId}'`)})`
const row = ({ id }: Body) => `from emails where id = ${id} for no key update`

/** Holds what this selection locks, until the returned function is called. */
async function hold(selection: string): Promise<() => Promise<void>> {
  const client = new Client({ connectionString: punctual.databaseUrl })
  await client.connect()
  await client.query('begin')
  await client.query(`select ${selection}`)
  return () => client.end()
}

/** So many transactions wait for locks. */
const waiting = (count: number) =>
  eventually(async () => {
    const rows = await punctual.query(
      `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    )
    expect(rows).toHaveLength(count)
  })
