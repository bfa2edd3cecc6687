import type { AddressInfo } from 'node:net'
import PostalMime from 'postal-mime'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Body } from './support/api-client.js'
import { eventually } from './support/eventually.js'
import { startTestApp, type TestApp } from './support/test-app.js'

let punctual: TestApp
let smtp: SMTPServer
const delivered: Buffer[] = []
/** Answers to give first, one a message. */
const refusals: number[] = []

beforeAll(async () => {
  smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData: (stream, _session, done) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const responseCode = refusals.shift()
        if (responseCode) return done(Object.assign(new Error('Refused'), { responseCode }))
        delivered.push(Buffer.concat(chunks))
        done()
      })
    },
  })
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve))
  const { port } = smtp.server.address() as AddressInfo
  punctual = await startTestApp({ SMTP_URL: `smtp://127.0.0.1:${port}`, MAIL_FROM: 'help@punctual.test' })
})

afterAll(async () => {
  await punctual.stop()
  await new Promise<void>((resolve) => smtp.close(() => resolve()))
})

it('sends a stored reply with the headers that thread it, and joins what the customer answers', async () => {
  const ada = await punctual.tenant()
  const mail = {
    from: { address: 'c@example.com' },
    subject: 'Why?',
    text: 'Why?',
    messageId: 'why@example.com',
  }
  const { id, threadId } = (await ada.post('/emails', mail)).body
  const queued = (await ada.post(`/emails/${id}/reply`, { text: 'Because.', html: '<p>Because.</p>' })).body
  expect(queued.replies).toMatchObject([{ sentElsewhere: false }])
  const reply = await settled(ada, id, 'sent')
  const sent = await PostalMime.parse(delivered.at(-1)!)
  expect(sent).toMatchObject({
    subject: 'Re: Why?',
    inReplyTo: '<why@example.com>',
    references: '<why@example.com>',
    messageId: `<${reply.messageId}>`,
    to: [{ address: 'c@example.com' }],
    from: { address: 'help@punctual.test' },
  })
  const answer = { ...mail, messageId: 'again@example.com', inReplyTo: reply.messageId }
  expect((await ada.post('/emails', answer)).body.threadId).toBe(threadId)
})

it('tries again 2 and 4 seconds after a passing refusal, and fails for good at a lasting one', async () => {
  const ada = await punctual.tenant()
  const { id } = (await ada.post('/emails', { from: { address: 'c@example.com' }, subject: 'S', text: 'T' }))
    .body
  refusals.push(451, 451)
  await ada.post(`/emails/${id}/reply`, { text: 'First' })
  const before = delivered.length
  await settled(ada, id, 'queued')
  await punctual.advance(1_999)
  expect((await replies(ada, id))[0]).toMatchObject({ attempts: 1, state: 'queued' })
  await punctual.advance(1)
  await eventually(async () =>
    expect((await replies(ada, id))[0]).toMatchObject({ attempts: 2, state: 'queued' }),
  )
  await punctual.advance(4_000)
  await settled(ada, id, 'sent')
  expect(delivered.length).toBe(before + 1)

  refusals.push(550)
  await ada.post(`/emails/${id}/reply`, { text: 'Second' })
  await eventually(async () =>
    expect((await replies(ada, id))[1]).toMatchObject({
      state: 'failed',
      attempts: 1,
      errorMessage: expect.stringContaining('Refused'),
    }),
  )
})

const replies = async (client: Body, id: number) => (await client.get(`/emails/${id}`)).body.replies

async function settled(client: Body, id: number, state: string): Promise<Body> {
  return eventually(async () => {
    const [reply] = await replies(client, id)
    expect(reply.state).toBe(state)
    expect(reply.attempts).toBeGreaterThan(0)
    return reply
  })
}
