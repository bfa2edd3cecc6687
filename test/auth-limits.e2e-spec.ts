import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { AT_ONCE, MOST_WAITING } from '../src/auth/hash-turns.js'
import { UnitOfWork } from '../src/database/unit-of-work.js'
import { AuthLimits } from '../src/auth/auth-limits.service.js'
import { ApiClient, type ApiAnswer } from './support/api-client.js'
import { inParallel } from './support/parallel.js'
import { startTestApp, type TestApp } from './support/test-app.js'

const PASSWORD = 'a long password'
/** Few enough to be quick; this machine is the proxy, so that clients have addresses of their own. */
const SETTINGS = {
  TRUST_PROXY: '127.0.0.1',
  SIGN_IN_FAILURES_PER_ADDRESS: '3',
  SIGN_IN_FAILURES_PER_CLIENT: '8',
  REGISTRATIONS_PER_CLIENT: '4',
  REFRESHES_PER_SESSION: '2',
}

let punctual: TestApp
let clients = 0

beforeAll(async () => {
  punctual = await startTestApp(SETTINGS)
})
afterAll(() => punctual.stop())

describe('sign-ins', () => {
  it('are judged as often as they may be wrong, however many come at once', async () => {
    const email = await account()
    const client = newClient()
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => signIn(client, email, 'wrong password')),
    )
    expect(statuses(answers)).toEqual([401, 401, 401, ...Array.from({ length: 9 }, () => 429)])
    const refused = await signIn(client, email, PASSWORD)
    expect(refused).toMatchObject({ status: 429, body: { code: 'too_many_attempts' } })
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    // Nobody else is refused for it: not the account elsewhere, not the client with another account.
    expect((await signIn(newClient(), email)).status).toBe(200)
    expect((await signIn(client, await account())).status).toBe(200)
  })

  it('are told how many are left', async () => {
    const answer = await signIn(newClient(), 'nobody@example.com')
    expect(answer.status).toBe(401)
    expect(answer.headers.get('ratelimit-policy')).toBe('"sign-in";q=3;w=900, "sign-in-client";q=8;w=3600')
    expect(answer.headers.get('ratelimit')).toMatch(/^"sign-in";r=2;t=\d+, "sign-in-client";r=7;t=\d+$/)
  })

  it('that are right are not counted, and forget the wrong ones before', async () => {
    const email = await account()
    const client = newClient()
    const right = await inParallel(Array.from({ length: 8 }), () => signIn(client, email))
    expect(statuses(right)).toEqual(Array.from({ length: 8 }, () => 200))
    for (let round = 0; round < 2; round++) {
      expect((await signIn(client, email, 'wrong password')).status).toBe(401)
      expect((await signIn(client, email, 'wrong password')).status).toBe(401)
      expect((await signIn(client, email)).status).toBe(200)
    }
  })

  it('are not counted when they could not be judged', async () => {
    const email = await account()
    const client = newClient()
    const cut = cutOff((sql) => sql.includes('from "user"'))
    for (let times = 0; times < 5; times++) expect((await signIn(client, email)).status).toBe(503)
    cut.mockRestore()
    expect((await signIn(client, email)).status).toBe(200)
  })

  it('are 503 while the counts cannot be kept', async () => {
    const all = cutOff(() => true)
    onTestFinished(() => void all.mockRestore())
    expect(await signIn(newClient(), 'nobody@example.com')).toMatchObject({
      status: 503,
      body: { code: 'database_unavailable' },
    })
  })

  it('are limited for a client whatever the addresses, known or not', async () => {
    const email = await account()
    const client = newClient()
    const guesses = await inParallel(
      Array.from({ length: 12 }, (_, n) => `guess-${n}@example.com`),
      (guessed) => signIn(client, guessed),
    )
    expect(statuses(guesses)).toEqual([...Array.from({ length: 8 }, () => 401), 429, 429, 429, 429])
    expect((await signIn(client, email)).status).toBe(429)
  })

  it('are counted by the network of an IPv6 client', async () => {
    const prefix = '2001:db8:0:7'
    const guesses = Array.from(
      { length: 9 },
      (_, n) => [`${prefix}::${n + 1}`, `v6-${n}@example.com`] as const,
    )
    const answers = await inParallel(guesses, ([client, email]) => signIn(client, email))
    expect(statuses(answers).at(-1)).toBe(429)
    expect((await signIn('2001:db8:0:8::1', 'v6@example.com')).status).toBe(401)
  })

  it('are limited for a /48 of IPv6, whose networks are 65,536 clients', async () => {
    const guesses = Array.from({ length: 41 }, (_, n) => [`2001:db8:1:${n.toString(16)}::1`, n] as const)
    const answers = await inParallel(guesses, ([client, n]) => signIn(client, `site-${n}@example.com`))
    expect(statuses(answers)).toEqual([...Array.from({ length: 40 }, () => 401), 429])
    expect((await signIn('2001:db8:1:ffff::1', await account())).status).toBe(429)
    expect((await signIn('2001:db8:2::1', await account())).status).toBe(200)
  })

  it('with one address are limited for a /48, and its owner elsewhere is not locked out', async () => {
    const email = await account()
    const sixteen = Array.from({ length: 16 }, (_, n) => `2001:db8:3:${n.toString(16)}::1`)
    const answers = await inParallel(sixteen, (client) => signIn(client, email, 'wrong password'))
    expect(statuses(answers)).toEqual([...Array.from({ length: 15 }, () => 401), 429])
    expect((await signIn('2001:db8:4::1', email)).status).toBe(200)
    expect((await signIn(newClient(), email)).status).toBe(200)
  })

  it('are counted by what cannot be read: no address lies in the table', async () => {
    const email = await account()
    const client = newClient()
    await signIn(client, email, 'wrong password')
    const rows = JSON.stringify(await punctual.query('select * from rate_limits'))
    expect(rows).toContain('"sign-in:')
    expect(rows).not.toContain(client)
    expect(rows).not.toContain(email)
  })

  it('are refused from memory once they were refused: a flood does not ask the database', async () => {
    const email = await account()
    const client = newClient()
    for (let times = 0; times < 4; times++) await signIn(client, email, 'wrong password')
    await punctual.query('alter table rate_limits rename to away')
    onTestFinished(async () => {
      await punctual.query('alter table away rename to rate_limits')
    })
    const flood = await Promise.all(Array.from({ length: 60 }, () => signIn(client, email)))
    expect(new Set(statuses(flood))).toEqual(new Set([429]))
  })

  it('are sent away when too many wait for their turn', async () => {
    const guesses = Array.from({ length: 60 }, (_, n) => `flood-${n}@example.com`)
    const answers: Promise<ApiAnswer>[] = []
    await punctual.app.get(UnitOfWork).run(async (tx) => {
      await tx.query('lock table rate_limits') // nobody's turn ends
      answers.push(...guesses.map((email) => signIn(newClient(), email)))
      const away = await firstOf(answers, 60 - AT_ONCE - MOST_WAITING)
      for (const { status, body, headers } of away) {
        expect({ status, code: body.code }).toEqual({ status: 429, code: 'too_many_at_once' })
        expect(headers.get('retry-after')).toBe('2')
      }
    })
    expect(statuses(await Promise.all(answers)).filter((status) => status === 401)).toHaveLength(
      AT_ONCE + MOST_WAITING,
    )
  })
})

it('limits registrations a client', async () => {
  const client = newClient()
  const answers = await inParallel([1, 2, 3, 4, 5, 6], () => register(client))
  expect(statuses(answers)).toEqual([201, 201, 201, 201, 429, 429])
  expect((await register(newClient())).headers.get('ratelimit-policy')).toBe('"registration";q=4;w=3600')
})

it('limits refreshes a session', async () => {
  let { refreshToken } = (await register(newClient())).body
  const refresh = () => from(newClient()).post('/auth/refresh', { refreshToken })
  for (let times = 0; times < 2; times++) {
    const answer = await refresh()
    expect(answer.headers.get('ratelimit')).toMatch(new RegExp(`^"refresh";r=${1 - times};t=\\d+$`))
    refreshToken = answer.body.refreshToken
  }
  expect(await refresh()).toMatchObject({ status: 429, body: { code: 'too_many_attempts' } })
})

it('limits registrations from a /48 of IPv6', async () => {
  const homes = Array.from({ length: 21 }, (_, n) => `2001:db8:5:${n.toString(16)}::1`)
  const answers = await inParallel(homes, (client) => register(client))
  expect(statuses(answers)).toEqual([...Array.from({ length: 20 }, () => 201), 429])
})

it('ends a session by a stolen token, also where its refreshes are used up', async () => {
  const { refreshToken: stolen, accessToken } = (await register(newClient())).body
  const refresh = (refreshToken: string) => from(newClient()).post('/auth/refresh', { refreshToken })
  const second = (await refresh(stolen)).body.refreshToken
  const third = (await refresh(second)).body.refreshToken
  expect((await refresh(third)).status).toBe(429)
  expect(await refresh(stolen)).toMatchObject({ status: 401, body: { code: 'invalid_refresh_token' } })
  const { body } = await new ApiClient(punctual.baseUrl, accessToken).get('/auth/me')
  expect(body.code).toBe('session_ended')
})

it('forgets what has expired', async () => {
  await punctual.query(`insert into rate_limits values ('old', 1, 1), ('new', 1, $1)`, [Date.now() + 60_000])
  await punctual.app.get(AuthLimits).forgetExpired()
  expect(await punctual.query(`select key from rate_limits where key in ('old', 'new')`)).toEqual([
    { key: 'new' },
  ])
})

/** The database is away for these statements. */
function cutOff(which: (sql: string) => boolean) {
  const work = punctual.app.get(UnitOfWork)
  const query = work.query.bind(work)
  const away = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
  return vi
    .spyOn(work, 'query')
    .mockImplementation((sql, parameters) => (which(sql) ? Promise.reject(away) : query(sql, parameters)))
}

/** As many of those answers as come first. */
function firstOf(answers: Promise<ApiAnswer>[], count: number): Promise<ApiAnswer[]> {
  const come: ApiAnswer[] = []
  return new Promise((resolve, reject) => {
    for (const answer of answers)
      answer.then((one) => void (come.push(one) === count && resolve([...come])), reject)
  })
}

async function account(): Promise<string> {
  const { body } = await register(newClient())
  return body.user.email
}

const register = (client: string) =>
  from(client).post('/auth/register', {
    email: `account-${++clients}@example.com`,
    password: PASSWORD,
    name: 'Ada',
  })

const signIn = (client: string, email: string, password = PASSWORD) =>
  from(client).post('/auth/login', { email, password })

/** Someone behind the proxy. */
const from = (client: string) => ({
  post: (path: string, body: object) =>
    new ApiClient(punctual.baseUrl).post(path, body, { 'x-forwarded-for': client }),
})

const newClient = () => `198.51.${Math.floor(++clients / 250)}.${clients % 250}`

const statuses = (answers: ApiAnswer[]) => answers.map(({ status }) => status).toSorted((a, b) => a - b)
