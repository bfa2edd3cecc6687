import { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { IdempotencyAnswers } from '../src/http/idempotency-answers.js'
import { Standings } from '../src/auth/standings.service.js'
import { ApiClient, type Body } from './support/api-client.js'
import { eventually } from './support/eventually.js'
import { startTestApp, type TestApp } from './support/test-app.js'

/** The key of a request commits with what the request did, and belongs to who asked and to the route. */

const MAIL = { from: { address: 'c@example.com' }, subject: 'S', text: 'T' }
const KEY = { 'idempotency-key': 'k' }

let punctual: TestApp
let ada: ApiClient
beforeAll(async () => {
  punctual = await startTestApp()
})
afterAll(() => punctual.stop())
beforeEach(async () => {
  ada = await punctual.tenant()
})

describe('a key', () => {
  it('signs out the session that asks, whatever another session of the same person did with it', async () => {
    const other = await signIn(await emailOf(ada))
    expect((await ada.post('/auth/logout', undefined, KEY)).status).toBe(204)
    expect((await other.post('/auth/logout', undefined, KEY)).status).toBe(204)
    const sessions = await punctual.query('select 1 from session where user_id = $1', [ada.tenantId])
    expect(sessions).toEqual([])
  })

  it('of a logout is kept before this process forgets who asked: no reading may begin in between', async () => {
    const forget = vi.spyOn(Standings.prototype, 'forget')
    const keep = vi.spyOn(IdempotencyAnswers.prototype, 'keep')
    expect((await ada.post('/auth/logout', undefined, KEY)).status).toBe(204)
    expect(forget.mock.invocationCallOrder[0]).toBeGreaterThan(keep.mock.invocationCallOrder[0]!)
    vi.restoreAllMocks()
  })

  it('keeps no long answer, and tells a repeat so: it is carried out once', async () => {
    const { id } = (await ada.post('/emails', MAIL)).body
    const reply = (text: string) => ada.post(`/emails/${id}/reply`, { text }, KEY)
    const long = 'x'.repeat(100_000)
    expect((await reply(long)).status).toBe(201)
    for (let times = 0; times < 2; times++)
      expect(await reply(long)).toMatchObject({ status: 409, body: { code: 'already_carried_out' } })
    expect((await ada.get(`/emails/${id}`)).body.replies).toHaveLength(1)
    const kept = 'select octet_length(body) as bytes from idempotency_answers where user_id = $1'
    expect(await punctual.query(kept, [ada.tenantId])).toEqual([{ bytes: null }])
    expect((await reply('Another')).body.code).toBe('idempotency_key_reused')
  })

  it('is its person’s: a colleague with the same key is no repeat', async () => {
    const colleague = await colleagueOf(ada)
    const [first, second] = [await ada.post('/emails', MAIL, KEY), await colleague.post('/emails', MAIL, KEY)]
    expect([first.status, second.status]).toEqual([201, 201])
    expect(second.body.id).not.toBe(first.body.id)
    expect(second.headers.get('idempotency-replayed')).toBeNull()
  })

  it('is its person’s in every session: who signs in again may repeat', async () => {
    const first = await ada.post('/emails', MAIL, KEY)
    const again = await (await signIn(await emailOf(ada))).post('/emails', MAIL, KEY)
    expect(again.body).toEqual(first.body)
  })

  it('is its route’s: the same one for another route is no repeat, for another email it is refused', async () => {
    const [one, two] = [await ada.post('/emails', MAIL, KEY), await ada.post('/emails', MAIL)]
    const resolve = (id: number) => ada.post(`/emails/${id}/resolve`, undefined, KEY)
    expect((await resolve(one.body.id)).status).toBe(200)
    expect(await resolve(two.body.id)).toMatchObject({
      status: 422,
      body: { code: 'idempotency_key_reused' },
    })
  })

  it('is free again after a refusal', async () => {
    const { id } = (await ada.post('/emails', MAIL)).body
    const reopen = () => ada.post(`/emails/${id}/reopen`, undefined, KEY)
    expect((await reopen()).status).toBe(409)
    await ada.post(`/emails/${id}/resolve`)
    expect((await reopen()).status).toBe(200)
  })

  it('has what it did and its answer sealed in one transaction: without the one there is not the other', async () => {
    await punctual.query(
      `create function refuse() returns trigger language plpgsql as $$ begin raise 'no'; end $$`,
    )
    await punctual.query(
      'create trigger refuse before update on idempotency_answers for each row execute function refuse()',
    )
    ada.expectsFaults = true
    const failed = await ada.post('/emails', MAIL, KEY)
    await punctual.query('drop trigger refuse on idempotency_answers')
    expect(failed.status).toBe(500)
    expect((await ada.get('/emails')).body.data).toEqual([])
    const done = await ada.post('/emails', MAIL, KEY)
    expect((await ada.post('/emails', MAIL, KEY)).body).toEqual(done.body)
    const [row] = await punctual.query<{ body: string }>(
      'select body from idempotency_answers where user_id = $1',
      [ada.tenantId],
    )
    expect(row!.body).toMatch(/^v1\./)
  })

  it('is free at once when the connection was cut in the midst of the work', async () => {
    const { id } = (await ada.post('/emails', MAIL)).body
    const holder = await lockOn(id)
    const cut = ada.post(`/emails/${id}/resolve`, undefined, KEY)
    await eventually(async () => {
      const waiting = await holder.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where wait_event_type = 'Lock' and datname = current_database()`,
      )
      expect(waiting.rowCount).toBe(1)
    })
    expect((await cut).status).toBe(503)
    await holder.end()
    expect((await ada.post(`/emails/${id}/resolve`, undefined, KEY)).status).toBe(200)
  })
})

it('a repeat that comes while the first is under way waits for it and gets the same answer', async () => {
  const { id } = (await ada.post('/emails', MAIL)).body
  const holder = await lockOn(id)
  const reply = () => ada.post(`/emails/${id}/reply`, { text: 'Hello' }, KEY)
  const both = [reply(), reply()]
  await eventually(async () => {
    const waiting = await holder.query(
      `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
    )
    expect(waiting.rowCount).toBe(2)
  })
  await holder.end()
  const [one, two] = await Promise.all(both)
  expect([one!.status, two!.status]).toEqual([201, 201])
  expect(two!.body).toEqual(one!.body)
  expect(two!.body.replies).toHaveLength(1)
})

it('every POST with a key is answered the same once more, and done once', async () => {
  const { id } = (await ada.post('/emails', MAIL)).body
  const member = (await ada.post('/team/members', { name: 'M', email: 'm@example.com' })).body
  const hours = { mon: [['09:00', '17:00']] }
  const calendar = (await ada.post('/sla/calendars', { name: 'C', timezone: 'UTC', hours })).body
  const hook = (await ada.post('/webhooks/subscribe', { url: 'http://127.0.0.1:1/', events: ['*'] })).body
  const requests: [path: string, body?: object][] = [
    [`/emails/${id}/assign`, { memberId: member.id }],
    [`/emails/${id}/unassign`],
    [`/emails/${id}/sla/pause`, { reason: 'on_hold' }],
    [`/emails/${id}/sla/resume`],
    [`/emails/${id}/reply`, { text: 'Hello' }],
    [`/emails/${id}/resolve`],
    [`/emails/${id}/reopen`],
    ['/team/members', { name: 'N', email: 'n@example.com' }],
    ['/customer-tiers', { matches: 'example.org', tier: 'vip' }],
    ['/sla/settings', { name: 'P', firstReplyMinutes: 60, priorities: ['high'] }],
    ['/sla/simulate', { calendarId: calendar.id, calendar: { timezone: 'Europe/Berlin' } }],
    [`/sla/calendars/${calendar.id}/holidays/country`, { country: 'DE' }],
    [`/webhooks/${hook.id}/secret/rotate`, {}],
    [`/webhooks/${hook.id}/secret/reveal`],
    [`/webhooks/${hook.id}/pause`],
    ['/alerts/read-all'],
  ]
  for (const [path, body] of requests) {
    const first = await ada.post(path, body, KEY)
    const rowsOf = async () =>
      (await punctual.query(`select count(*)::int from events where name <> 'alert.created'`))[0]
    const events = await rowsOf()
    const second = await ada.post(path, body, KEY)
    expect([path, first.status]).toEqual([path, expect.toBeOneOf([200, 201, 202])])
    expect([path, second.status, second.body]).toEqual([path, first.status, first.body])
    expect([path, second.headers.get('idempotency-replayed')]).toEqual([path, 'true'])
    expect(await rowsOf()).toEqual(events)
  }
})

async function signIn(email: string): Promise<ApiClient> {
  const client = new ApiClient(punctual.baseUrl)
  const { body } = await client.post('/auth/login', { email, password: 'a long password' })
  client.token = body.accessToken
  client.tenantId = body.user.tenantId
  return client
}

const emailOf = async (client: ApiClient): Promise<string> => (await client.get('/auth/me')).body.email

/** Another person of the same tenant. */
async function colleagueOf(client: ApiClient): Promise<ApiClient> {
  const colleague = await punctual.tenant('colleague')
  const email = await emailOf(colleague)
  await punctual.query('update "user" set owner_id = $1 where email = $2', [client.tenantId, email])
  const signedIn = await signIn(email)
  expect(signedIn.tenantId).toBe(client.tenantId)
  return signedIn
}

/** Keeps everyone else from changing the email until it ends. */
async function lockOn(id: Body): Promise<Client> {
  const holder = new Client({ connectionString: punctual.databaseUrl })
  await holder.connect()
  await holder.query('begin')
  await holder.query('select from emails where id = $1 for update', [id])
  return holder
}
