import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { AlertsListener } from '../src/alerts/alerts.listener.js'
import { PerformanceListener } from '../src/analytics/performance.listener.js'
import { ClocksListener } from '../src/sla/clocks.listener.js'
import { OutboxListener } from '../src/webhooks/outbox.listener.js'
import type { ApiAnswer, ApiClient, Body } from './support/api-client.js'
import { eventually } from './support/eventually.js'
import { Receiver } from './support/receiver.js'
import { startTestApp, type TestApp } from './support/test-app.js'

const MINUTE = 60_000
const SECRET = 'the disk of host db-7 is full'
/** Whatever a request may have written. */
const TABLES = [
  'emails',
  'email_attachments',
  'email_replies',
  'email_changes',
  'team_members',
  'events',
  'sla_clocks',
  'response_metrics',
  'alerts',
  'webhook_logs',
]

let punctual: TestApp
let ada: ApiClient
let receiver: Receiver
/** The listener that fails for now, such as `ClocksListener.start`, and how often it has. */
let failing = ''
let failures = 0
let mends: (() => void)[] = []

beforeAll(async () => {
  mends = [ClocksListener, AlertsListener, PerformanceListener, OutboxListener].map(sabotage)
  punctual = await startTestApp()
  receiver = await Receiver.start()
  ada = await punctual.tenant()
  ada.expectsFaults = true
  await ada.post('/webhooks/subscribe', {
    url: receiver.url,
    events: ['email.received', 'email.replied', 'sla.warning', 'alert.created'],
  })
})

beforeEach(() => {
  failing = ''
  failures = 0
})

afterAll(async () => {
  await punctual.stop()
  await receiver.stop()
  for (const mend of mends) mend()
})

const mail = {
  from: { address: 'customer@example.com' },
  subject: 'It is down',
  text: 'Help!',
  priority: 'high',
}

it.each(['ClocksListener.start', 'OutboxListener.enqueue'])(
  'takes an email back when %s fails',
  async (listener) => {
    const posted = { ...mail, messageId: `${listener}@example.com` }
    await expectTakenBack(listener, () => ada.post('/emails', posted))
    expect((await ada.post('/emails', posted)).body).toMatchObject({
      duplicate: false,
      clock: { state: 'running' },
    })
  },
)

it('takes raw mail and its attachments back', async () => {
  const post = () => ada.postMail('test/fixtures/mail/02-attachments.eml')
  await expectTakenBack('ClocksListener.start', post)
  const { body } = await post()
  expect(body.duplicate).toBe(false)
  expect((await ada.get(`/emails/${body.id}`)).body.attachments.length).toBeGreaterThan(0)
})

it.each([
  ['ClocksListener.stopAtReply', 'reply', { text: 'It is up again.' }, 'replied'],
  ['PerformanceListener.measure', 'reply', { text: 'It is up again.' }, 'replied'],
  ['OutboxListener.enqueue', 'reply', { text: 'It is up again.' }, 'replied'],
  ['ClocksListener.stopAtResolution', 'resolve', undefined, 'resolved'],
])('leaves an email as it was when %s fails at its %s', async (listener, action, body, status) => {
  const { id } = (await ada.post('/emails', mail)).body
  const act = () => ada.post(`/emails/${id}/${action}`, body)
  await expectTakenBack(listener, act)
  expect((await ada.get(`/emails/${id}`)).body).toMatchObject({
    status: 'open',
    replies: [],
    clock: { state: 'running', stoppedAt: null },
  })
  expect((await act()).body).toMatchObject({ status, clock: { state: 'met' } })
})

it('does not let a member join whom nobody could be told of', async () => {
  const grace = { name: 'Grace', email: 'grace@example.com' }
  await expectTakenBack('OutboxListener.enqueue', () => ada.post('/team/members', grace))
  expect((await ada.post('/team/members', grace)).status).toBe(201)
})

it('keeps an Idempotency-Key free for the next attempt', async () => {
  const key = { 'idempotency-key': 'once' }
  await expectTakenBack('ClocksListener.start', () => ada.post('/emails', mail, key))
  const { status, body } = await ada.post('/emails', mail, key)
  expect(status).toBe(201)
  expect((await ada.post('/emails', mail, key)).body.id).toBe(body.id)
})

it('leaves a whole batch of clocks unwarned, and warns of each once it can', async () => {
  const posted = await Promise.all([1, 2, 3].map(() => ada.post('/emails', mail)))
  const ids = posted.map(({ body }) => body.id as number)
  const before = await rows()
  failing = 'AlertsListener.warn'
  await punctual.advance(192 * MINUTE) // high and standard: 240 minutes, of which 20 % are left
  await eventually(() => expect(failures).toBeGreaterThan(0))
  expect(await rows()).toEqual(before)
  for (const id of ids) expect((await ada.get(`/emails/${id}`)).body.clock.warnedAt).toBeNull()

  failing = ''
  await eventually(
    () => expect(new Set(warned())).toEqual(new Set([...warned(), ...ids])), // by itself: nobody wakes the monitor
  )
  expect(
    warned()
      .filter((id) => ids.includes(id))
      .sort(),
  ).toEqual(ids.sort())
  const alerts = (await ada.get('/alerts?limit=100')).body.data.map(({ emailId }: Body) => emailId as number)
  expect(alerts.filter((id: number) => ids.includes(id)).sort()).toEqual(ids.sort())
})

const warned = () => receiver.named('sla.warning').map(({ body }) => body.data.email.id as number)

/** 500 that gives nothing away, and not a row more or less than before. */
async function expectTakenBack(listener: string, act: () => Promise<ApiAnswer>): Promise<void> {
  const before = await rows()
  failing = listener
  const { status, headers, body } = await act()
  failing = ''
  expect(failures, `${listener} was never asked`).toBe(1)
  expect(status).toBe(500)
  expect(headers.get('content-type')).toContain('application/problem+json')
  expect(body).toMatchObject({ status: 500, code: 'internal_error' })
  const { requestId, ...told } = body
  expect(requestId).toEqual(expect.any(String)) // in which anything may occur
  expect(JSON.stringify(told)).not.toMatch(/disk|db-7|Listener|\bat /)
  expect(await rows()).toEqual(before)
}

/** How many rows there are, and whether any changed in place. */
function rows(): Promise<unknown> {
  const counts = TABLES.map((table) => `(select count(*) from ${table}) as ${table}`)
  const contents = ['emails', 'sla_clocks'].map(
    (table) => `(select md5(string_agg(t::text, '' order by t.id)) from ${table} t) as ${table}_contents`,
  )
  return punctual.query(`select ${[...counts, ...contents].join(', ')}`)
}

/** Lets every method of a listener fail on demand, after it has written what it writes, until it is mended. */
function sabotage({ name, prototype }: { name: string; prototype: object }): () => void {
  const descriptors = Object.getOwnPropertyDescriptors(prototype)
  for (const method of Object.keys(descriptors).filter((key) => key !== 'constructor')) {
    const original = Reflect.get(prototype, method) as (...args: unknown[]) => Promise<void>
    const wrapped = async function (this: unknown, ...args: unknown[]): Promise<void> {
      await original.apply(this, args)
      if (failing !== `${name}.${method}`) return
      failures++
      throw new Error(SECRET)
    }
    for (const key of Reflect.getMetadataKeys(original) as string[])
      Reflect.defineMetadata(key, Reflect.getMetadata(key, original), wrapped)
    Reflect.set(prototype, method, wrapped)
  }
  return () => Object.defineProperties(prototype, descriptors)
}
