import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { HostResolver } from '../src/egress/host-resolver.js'
import { watchSockets } from './support/dialled.js'
import { eventually } from './support/eventually.js'
import { StubResolver } from './support/stub-resolver.js'
import { startTestApp } from './support/test-app.js'
import { ada, email, log, punctual, receiver, setWebhookStage, subscribe } from './support/webhook-stage.js'

setWebhookStage()

it('shows the secret once, keeps it and the values of headers sealed, and sends both', async () => {
  const { body, status } = await subscribe({ headers: { 'X-Team': 'top secret value' } })
  expect(status).toBe(201)
  expect(body.secret).toMatch(/^whsec_.{44}$/)
  expect(body.headers).toEqual(['X-Team'])
  const [row] = await punctual.query('select secret, headers::text from webhooks where id = $1', [body.id])
  expect(JSON.stringify(row)).not.toContain('top secret value')
  expect(JSON.stringify(row)).not.toContain(body.secret)
  expect(JSON.stringify((await ada.get('/webhooks/subscribe')).body)).not.toContain('secret')
  await email()
  await eventually(() => expect(receiver.received).toHaveLength(1))
  expect(receiver.received[0]!.headers).toMatchObject({
    'x-team': 'top secret value',
    'content-type': 'application/json',
  })
})

it('sends word for word what the list of events says', async () => {
  await subscribe({ events: ['*'] })
  await ada.post('/team/members', { name: 'Grace "Amazing"', email: 'grace@example.com' })
  await ada.post('/emails', {
    from: { address: 'c@example.com' },
    subject: 'Naïve "quotes" \\ and 😀',
    text: 'T',
  })
  await eventually(() => expect(receiver.received).toHaveLength(2))
  await eventually(async () => {
    const { data } = (await ada.get('/events')).body
    expect(receiver.received.map(({ text }) => text).toSorted()).toEqual(
      data.map((event: unknown) => JSON.stringify(event)).toSorted(),
    )
  })
})

it('delivers only what was subscribed to, by whom it was', async () => {
  await subscribe({ events: ['email.resolved'] })
  const eve = await punctual.tenant()
  await eve.post('/webhooks/subscribe', { url: receiver.url, events: ['email.replied'] })
  const { id } = await email()
  await ada.post(`/emails/${id}/resolve`)
  await eventually(() => expect(receiver.received.map(({ body }) => body.event)).toEqual(['email.resolved']))
})

it('retries after 2, 4 and 8 seconds and no more, with the same id', async () => {
  const { id } = (await subscribe()).body
  receiver.answer = () => 500
  await email()
  for (const [attempt, wait] of [2_000, 4_000, 8_000].entries()) {
    await eventually(async () =>
      expect(await log(id)).toMatchObject({
        ...{ status: 'pending', attempts: attempt + 1, statusCode: 500 },
        dueAt: punctual.clock.in(wait),
      }),
    )
    await punctual.advance(wait - 1)
    expect((await log(id)).attempts).toBe(attempt + 1)
    await punctual.advance(1)
  }
  await eventually(async () =>
    expect(await log(id)).toMatchObject({ status: 'failed', attempts: 4, dueAt: null }),
  )
  expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
  expect(receiver.received).toHaveLength(4)
  const [webhook] = (await ada.get('/webhooks/subscribe')).body.data
  expect(webhook).toMatchObject({ lastStatus: 'failed', lastError: 'unexpected_status' })
})

it('recovers within its retries, and does not follow redirects', async () => {
  const { id } = (await subscribe()).body
  receiver.answer = () => (receiver.received.length === 0 ? 302 : 200)
  await email()
  await eventually(async () => expect(await log(id)).toMatchObject({ status: 'pending', statusCode: 302 }))
  await punctual.advance(2_000)
  await eventually(async () =>
    expect(await log(id)).toMatchObject({ status: 'success', attempts: 2, statusCode: 200 }),
  )
})

it('takes a crashed worker’s delivery back after its lease, and lets no late finisher write', async () => {
  const { id } = (await subscribe()).body
  await punctual.query(`with lost as (
      insert into webhook_logs (webhook_id, event_id, event_type, payload, attempts)
      values (${id}, gen_random_uuid(), 'email.received', '{"id":1}', 0) returning id, webhook_id, event_id)
    insert into webhook_queue (delivery_id, webhook_id, event_id, due_at, lease_token, leased_until)
    select id, webhook_id, event_id, ${punctual.clock.sqlNow}, gen_random_uuid(),
           ${punctual.clock.sqlNow} + interval '30 seconds' from lost`)
  await email() // wakes the worker
  await eventually(() => expect(receiver.received).toHaveLength(1))
  await eventually(async () =>
    expect((await ada.get(`/webhooks/${id}/logs?status=pending`)).body.data).toHaveLength(1),
  )
  punctual.clock.advance(30_000)
  await email()
  await eventually(() => expect(receiver.received.map(({ body }) => body.id)).toContain(1))
})

it('forgets a webhook with its deliveries', async () => {
  const { id } = (await subscribe()).body
  receiver.answer = () => 500
  await email()
  await eventually(async () => expect((await log(id)).attempts).toBe(1))
  expect((await ada.delete(`/webhooks/subscribe?id=${id}`)).status).toBe(204)
  expect((await ada.delete(`/webhooks/subscribe/${id}`)).status).toBe(404)
  expect(await punctual.query('select 1 from webhook_logs where webhook_id = $1', [id])).toEqual([])
})

it('refuses addresses and headers that deliveries must not use, naming the field', async () => {
  const refused = [
    { url: 'http://10.0.0.5/' },
    { url: 'http://169.254.169.254/latest/meta-data/' },
    { url: 'http://[::1]/' },
    { url: 'http://[::ffff:10.0.0.1]/' },
    { url: 'ftp://example.com/' },
    { url: 'https://user:password@example.com/' },
    { url: 'nonsense' },
    { events: [] },
    { events: ['email.deleted'] },
    { headers: { Host: 'x' } },
    { headers: { 'Webhook-Id': 'x' } },
    { headers: { 'X-A': 'a\r\nb: c' } },
    { headers: { 'X-A': 1 } },
    { retryCount: 21 },
  ]
  for (const input of refused) {
    const { status, body } = await subscribe(input)
    expect([input, status, body.errors?.[0].field.split('.')[0]]).toEqual([input, 400, Object.keys(input)[0]])
  }
})

it('names the header that deliveries must not carry, and takes those that only look alike', async () => {
  const refused = [
    ...[
      'Host',
      'CONTENT-LENGTH',
      'content-type',
      'Content-Encoding',
      'Transfer-Encoding',
      'Connection',
      'TE',
    ],
    ...['Upgrade', 'Expect', 'Proxy-Authorization', 'Webhook-Signature', 'X-Webhook-Signature', 'User-Agent'],
    ...['X-Forwarded-For', 'Forwarded', 'Bad Name', 'X-Bad\r\nHost', ':path', ''],
  ]
  for (const name of refused) {
    const { status, body } = await subscribe({ headers: { [name]: 'x' } })
    expect([status, body.errors?.[0].field]).toEqual([400, `headers.${name}`])
  }
  for (const value of ['a\r\nHost: b', 'a\nb', 'a\0b', '☃', 'x'.repeat(2_001), 1, null, ['a']])
    expect((await subscribe({ headers: { 'X-A': value } })).body.errors[0].field).toBe('headers.X-A')
  expect((await subscribe({ headers: { 'X-A': '1', 'x-a': '2' } })).body.errors[0].field).toBe('headers.x-a')
  const headers = { Team: 'a', Hostname: 'b', 'X-Viaduct': 'c', Cookie: 'd', Authorization: 'Bearer e' }
  expect((await subscribe({ headers })).status).toBe(201)
  await email()
  await eventually(() => expect(receiver.received).toHaveLength(1))
  const sent = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])
  expect(receiver.received[0]!.headers).toMatchObject(Object.fromEntries(sent))
})

it('resolves names at dialling and refuses private addresses behind them', async () => {
  const resolver = new StubResolver({ 'hooks.example.com': [['127.0.0.1']] })
  const strict = await startTestApp({ WEBHOOK_ALLOW_PRIVATE_CIDRS: '' }, (builder) =>
    builder.overrideProvider(HostResolver).useValue(resolver),
  )
  try {
    const eve = await strict.tenant()
    const url = 'https://hooks.example.com/'
    const { id } = (await eve.post('/webhooks/subscribe', { url, events: ['email.received'] })).body
    await eve.post('/emails', { from: { address: 'c@example.com' }, subject: 'S', text: 'T' })
    await eventually(async () => {
      const [entry] = (await eve.get(`/webhooks/${id}/logs`)).body.data
      expect(entry.errorMessage).toBe('refused_address')
    })
    expect(resolver.asked).toEqual(['hooks.example.com'])
  } finally {
    await strict.stop()
  }
})

it('refuses every URL of the conformance cases that says too much, and dials none', async () => {
  const cases = JSON.parse(readFileSync('test/conformance/ssrf-refused.json', 'utf8')) as {
    url: string
    why: string
  }[]
  const own = 'hooks.punctual.example'
  const strict = await startTestApp({ WEBHOOK_ALLOW_PRIVATE_CIDRS: '', PUBLIC_URL: `https://${own}` })
  const sockets = watchSockets()
  try {
    const eve = await strict.tenant()
    for (const { url } of cases.filter(({ why }) => !/^(dns|redirect)/.test(why))) {
      const input = { url: url.replace('{OWN_PUBLIC_HOST}', own), events: ['email.received'] }
      const { status, body } = await eve.post('/webhooks/subscribe', input)
      expect([url, status, body.errors?.[0].field]).toEqual([url, 400, 'url'])
    }
    const known = [strict.baseUrl, strict.databaseUrl].map((url) => Number(new URL(url).port))
    expect(sockets.ports().filter((port) => !known.includes(port))).toEqual([])
  } finally {
    sockets.stop()
    await strict.stop()
  }
})
