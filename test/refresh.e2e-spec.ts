import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { UnitOfWork } from '../src/database/unit-of-work.js'
import { ApiClient, type Body } from './support/api-client.js'
import { claimsOf } from './support/forge.js'
import { startTestApp, type TestApp } from './support/test-app.js'

let punctual: TestApp
let anyone: ApiClient

beforeAll(async () => {
  punctual = await startTestApp()
  anyone = new ApiClient(punctual.baseUrl)
})
afterAll(() => punctual.stop())

it('gives another token each time, and keeps none in the clear', async () => {
  const ada = await punctual.tenant()
  const tokens = await generations(ada, 3)
  expect(new Set(tokens).size).toBe(4)
  const kept = JSON.stringify(await punctual.query('select * from session'))
  for (const token of tokens) expect(kept).not.toContain(token)
})

it('answers repeats of the token just used with the same successor, which goes on', async () => {
  const ada = await punctual.tenant()
  const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(ada.refreshToken)))
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200))
  const successors = new Set(answers.map(({ body }) => body.refreshToken))
  expect(successors.size).toBe(1)
  expect((await refresh(ada.refreshToken)).body.refreshToken).toBe([...successors][0])
  expect((await refresh([...successors][0])).status).toBe(200)
})

it('ends the session when the token before is used again after a minute', async () => {
  const ada = await punctual.tenant()
  const [, next] = await generations(ada, 1)
  await punctual.query(`update session set rotated_at = now() - interval '61 seconds'`)
  expect((await refresh(ada.refreshToken)).body.code).toBe('invalid_refresh_token')
  expect((await refresh(next!)).status).toBe(401)
  expect((await ada.get('/auth/me')).body.code).toBe('session_ended')
})

it.each([2, 3, 5])('ends the session when a token %i generations old is used again', async (age) => {
  const ada = await punctual.tenant()
  const tokens = await generations(ada, age)
  expect((await refresh(tokens[0]!)).status).toBe(401)
  expect((await refresh(tokens.at(-1)!)).status).toBe(401)
  expect((await ada.get('/auth/me')).status).toBe(401)
})

it('ends no session by a token that was not made for it', async () => {
  const ada = await punctual.tenant()
  const eve = await punctual.tenant('eve')
  const [first, , last] = await generations(ada, 2)
  const old = Buffer.from(first!, 'base64url')
  const madeUp = [
    ...Array.from({ length: old.length }, (_, place) => withBitTurned(old, place)),
    Buffer.concat([old.subarray(0, 16), Buffer.from(eve.refreshToken, 'base64url').subarray(16)]),
    Buffer.concat([old.subarray(0, 16), randomBytes(48)]),
    Buffer.concat([old, Buffer.from([0])]),
  ].map((bytes) => bytes.toString('base64url'))
  const misspelt = [`${first}=`, ` ${first}`, `${first}\n`, first!.slice(0, -1)]
  for (const token of [...madeUp, ...misspelt])
    expect((await refresh(token)).body.code).toBe('invalid_refresh_token')
  expect((await refresh(last!)).status).toBe(200)
  expect((await refresh(eve.refreshToken)).status).toBe(200)
})

it('asks the database one question about a refresh token that is made up', async () => {
  const work = punctual.app.get(UnitOfWork)
  const spies = [vi.spyOn(work, 'query'), vi.spyOn(work, 'run')]
  for (const refreshToken of [randomBytes(32).toString('base64url'), randomBytes(64).toString('base64url')])
    expect((await refresh(refreshToken)).status).toBe(401)
  expect(spies.map(({ mock }) => mock.calls.length)).toEqual([2, 0])
  for (const spy of spies) spy.mockRestore()
})

it('goes on with sessions of 0.2.0, and they with ours, while both run', async () => {
  const ada = await punctual.tenant()
  const theirs = await rotateAsBefore(ada.refreshToken)
  // Only their answer told the successor: no theft, but none that could be told again.
  expect((await refresh(ada.refreshToken)).status).toBe(401)
  const ours = await refresh(theirs)
  expect(ours.status).toBe(200)
  expect((await refresh(theirs)).body.refreshToken).toBe(ours.body.refreshToken)
  const theirsAgain = await rotateAsBefore(ours.body.refreshToken)
  expect((await refresh(ada.refreshToken)).status).toBe(401)
  expect((await refresh(theirsAgain)).status).toBe(401)
})

it('ends with its user, whatever was asked', async () => {
  const ada = await punctual.tenant()
  expect((await ada.get('/auth/me')).status).toBe(200)
  await punctual.query(`delete from "user" where id = $1`, [ada.tenantId])
  const answers = [
    await ada.get('/auth/me'),
    await ada.post('/emails', { from: { address: 'customer@example.com' }, subject: 'Help', text: '!' }),
    await ada.post('/team/members', { name: 'Bob', email: 'bob@example.com' }),
    await ada.post('/auth/logout', undefined, { 'idempotency-key': 'once' }),
    await refresh(ada.refreshToken),
  ]
  expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401])
})

it('keeps the latest fifty sessions of a user', async () => {
  const ada = await punctual.tenant()
  await punctual.query(
    `insert into session (user_id, token_hash, expires_at, created_at)
     select $1, 'older ' || n, now() + interval '1 day', now() - n * interval '1 minute' from generate_series(1, 60) n`,
    [ada.tenantId],
  )
  const { email } = (await ada.get('/auth/me')).body
  const signIns = [1, 2, 3].map(() => anyone.post('/auth/login', { email, password: 'a long password' }))
  const sids = (await Promise.all(signIns)).map(({ body }) => claimsOf(body.accessToken).sid)
  const left = await punctual.query<{ id: string; hash: string }>(
    `select id, token_hash as hash from session where user_id = $1`,
    [ada.tenantId],
  )
  expect(left).toHaveLength(50)
  expect(left.map(({ id }) => id)).toEqual(expect.arrayContaining([claimsOf(ada.token!).sid, ...sids]))
  const numbers = left.flatMap(({ hash }) => /^older (\d+)$/.exec(hash)?.[1] ?? [])
  expect(numbers.map(Number).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 46 }, (_, n) => n + 1))
})

const refresh = (refreshToken: string) => anyone.post('/auth/refresh', { refreshToken })

/** The first token of a client, and so many after it. */
async function generations({ refreshToken }: ApiClient, count: number): Promise<string[]> {
  const tokens = [refreshToken]
  for (let made = 0; made < count; made++) {
    const { status, body }: { status: number; body: Body } = await refresh(tokens.at(-1)!)
    expect(status).toBe(200)
    tokens.push(body.refreshToken)
  }
  return tokens
}

/** The statement of 0.2.0. */
async function rotateAsBefore(token: string): Promise<string> {
  const next = randomBytes(32).toString('base64url')
  const rotated = await punctual.query(
    `update session set previous_token_hash = token_hash, token_hash = $2, rotated_at = now(),
            expires_at = now() + interval '30 days'
     where token_hash = $1 and expires_at > now() returning id`,
    [hashOf(token), hashOf(next)],
  )
  expect(rotated.flat()).not.toEqual([])
  return next
}

const hashOf = (token: string) => createHash('sha256').update(token).digest('hex')

function withBitTurned(bytes: Buffer, place: number): Buffer {
  const turned = Buffer.from(bytes)
  turned[place]! ^= 1
  return turned
}
