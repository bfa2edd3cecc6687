import { Logger } from '@nestjs/common'
import { QueryFailedError } from 'typeorm'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createPino } from '../src/http/logger.js'
import type { ApiClient } from './support/api-client.js'
import { sendRaw } from './support/raw-request.js'
import { startTestApp, type TestApp } from './support/test-app.js'

/** A log is read by more people than may see a customer's mail, and kept for longer. */

const SECRET = 'hunter2-of-charles'

const lines: string[] = []
const log = createPino('info', { write: (line) => void lines.push(line) })
let punctual: TestApp
let ada: ApiClient

beforeAll(async () => {
  punctual = await startTestApp({}, undefined, log)
  ada = await punctual.tenant()
})

afterAll(() => punctual.stop())

beforeEach(() => {
  lines.length = 0
})

/** Statements that the database refuses, given a secret. */
const REFUSED: [string, code: string, sql: string, parameters: unknown[]][] = [
  [
    'a constraint',
    '23514',
    `insert into customer_tiers (user_id, matches, tier) values ($1, $2, 'vip')`,
    ['tenant', SECRET.toUpperCase()],
  ],
  [
    'a key that is there',
    '23505',
    `insert into "user" (email, name) values ($1, $2)`,
    ['ADA@example.com', SECRET],
  ],
  [
    'a foreign key',
    '23503',
    `insert into customer_tiers (user_id, matches, tier) values (gen_random_uuid(), $1, 'vip')`,
    [SECRET],
  ],
  ['a number that is none', '22P02', `select $1::text::integer`, [SECRET]],
  ['a number that is too large', '22003', `select ($1::text || '99999999999')::integer`, ['7']],
  ['a date that is none', '22007', `select $1::text::date`, [SECRET]],
  ['a column that there is not', '42703', `select ${SECRET.replaceAll('-', '_')}_column, $1::text`, [SECRET]],
]

describe.each(REFUSED)('a statement that is refused for %s', (_, code, sql, parameters) => {
  const failure = async (): Promise<Error> => {
    await punctual.query(
      `insert into "user" (email, name) values ('ada@example.com', 'Ada') on conflict do nothing`,
    )
    const given = parameters.map((value) => (value === 'tenant' ? ada.tenantId : value))
    const error = await punctual.query(sql, given).then(
      () => undefined,
      (thrown: Error) => thrown,
    )
    expect(error).toBeInstanceOf(QueryFailedError)
    return error!
  }

  it.each<[string, (error: Error) => void]>([
    ['itself', (error) => log.error(error)],
    ['as err', (error) => log.error({ err: error })],
    ['by Nest', (error) => new Logger('Test').error(error)],
    ['by Nest with a sentence', (error) => new Logger('Test').warn({ err: error, msg: 'It failed' })],
    ['beside a sentence', (error) => new Logger('Test').error('It failed', error)],
    ['as a cause', (error) => log.error(new Error('It failed', { cause: error }))],
    ['among others', (error) => log.error(new AggregateError([error], 'They failed'))],
  ])('is logged without what it was given: %s', async (_how, tell) => {
    tell(await failure())
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain(`"code":"${code}"`)
    expect(lines[0]).toMatch(/"stack":" +at /)
    if (code !== '42703') expect(lines[0]!.toLowerCase()).not.toContain(SECRET)
    expect(lines[0]).not.toMatch(/parameters|"detail"|"query"|driverError|ada@example/i)
  })
})

it('tells which rule of the database was broken', async () => {
  const error = await punctual
    .query(`insert into "user" (email, name) values ('bob@example.com', 'x'), ('bob@example.com', 'x')`)
    .catch((thrown: unknown) => thrown)
  log.error({ err: error })
  expect(JSON.parse(lines[0]!)).toMatchObject({
    msg: expect.stringContaining('user_email_key'),
    err: { type: 'QueryFailedError', code: '23505', constraint: 'user_email_key', table: 'user' },
  })
})

it('keeps the password hash of a registration that is refused', async () => {
  await punctual.query(`alter table account add constraint attack check (false) not valid`)
  const account = { email: 'eve@example.com', password: SECRET, name: 'Eve' }
  const request = { method: 'POST', path: '/api/auth/register', body: JSON.stringify(account) }
  const headers: [string, string][] = [['content-type', 'application/json']]
  expect((await sendRaw(punctual.baseUrl, { ...request, headers })).status).toBe(500)
  await punctual.query(`alter table account drop constraint attack`)
  const text = lines.join('')
  expect(text).toContain('"constraint":"attack"')
  expect(text).not.toMatch(/argon2|eve@example|hunter2/)
})

it('tells of a request without its query', async () => {
  await ada.get(`/emails?q=${SECRET}&limit=1`)
  await ada.get(`/nowhere?q=${SECRET}`)
  await expect.poll(() => lines.length).toBe(2)
  expect(lines.map((line) => JSON.parse(line).url)).toEqual(['/api/emails', '/api/nowhere'])
  expect(lines.join('')).not.toContain(SECRET)
})

it('says nothing of the text that is no JSON', () => {
  try {
    JSON.parse(`{"password": ${SECRET}}`)
  } catch (error) {
    log.error(error)
  }
  expect(lines.join('')).not.toContain('hunter')
})

it('writes what errors of ours say', () => {
  log.error(new Error('The cause of it', { cause: new TypeError('x is not a function') }))
  expect(JSON.parse(lines[0]!)).toMatchObject({
    msg: 'The cause of it',
    err: { type: 'Error', cause: { type: 'TypeError', message: 'x is not a function' } },
  })
})
