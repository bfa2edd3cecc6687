import { afterAll, beforeAll, expect, it } from 'vitest'
import { Config } from '../src/config/config.js'
import { UnitOfWork } from '../src/database/unit-of-work.js'
import { Searches } from '../src/emails/searches.service.js'
import { startTestApp, type TestApp } from './support/test-app.js'

/** So many mails of so many words that reading all of them again takes far longer than a search may. */
const MAILS = 40
const WORDS = 14_000

let punctual: TestApp
beforeAll(async () => {
  punctual = await startTestApp({ SEARCH_TIMEOUT_MS: '100', DATABASE_POOL_SIZE: '8' })
})
afterAll(() => punctual.stop())

it('a search that takes too long is given up, and its connection is as it was', async () => {
  const ada = await punctual.tenant()
  const { body } = await ada.get('/auth/me')
  await punctual.query(
    `insert into emails (user_id, thread_id, message_id, from_address, subject, body_text, received_at, sender_domains)
     select $1, gen_random_uuid(), 'm' || i, 'a@example.com', 'all', words, now(), '{}' from generate_series(1, $2) i,
       (select string_agg('w' || j, ' ') as words from generate_series(1, $3) j) as text`,
    [body.tenantId ?? body.id, MAILS, WORDS],
  )
  const slow = await ada.get(`/emails?q=${encodeURIComponent('"w1 w3"')}`)
  expect(slow).toMatchObject({ status: 503, body: { code: 'search_too_slow' } })
  expect(slow.headers.get('retry-after')).toMatch(/^\d+$/)
  expect((await ada.get('/emails?limit=1')).body.data).toHaveLength(1)
  const limits = await Promise.all(
    Array.from({ length: 8 }, () => punctual.query<{ statement_timeout: string }>('show statement_timeout')),
  )
  expect(limits.flat().map((row) => row.statement_timeout)).not.toContain('50ms')
})

it('what the planner has looked for in the wrong way is found in another', async () => {
  const searches = punctual.app.get(Searches)
  const slow = 'select pg_sleep(9), $1::text as q'
  expect(await searches.find('one', [slow, 'select $1::text as q'], ['found'])).toEqual([{ q: 'found' }])
})

it('is planned for its words, however often its connection has run the statement', async () => {
  const mode = "select current_setting('plan_cache_mode') as mode, $1::text as q"
  const found = await punctual.app.get(Searches).find('one', [mode], [''])
  expect(found).toEqual([{ mode: 'force_custom_plan', q: '' }])
})

it("one tenant's searches leave a connection to another's, and too many are refused", async () => {
  const config = { ...punctual.app.get(Config), DATABASE_POOL_SIZE: 8, SEARCH_TIMEOUT_MS: 60_000 }
  const searches = new Searches(punctual.app.get(UnitOfWork), config as Config)
  const over: string[] = []
  const find = (tenant: string, sql: string) =>
    searches.find(tenant, [sql], ['']).then(() => over.push(tenant))
  const ofOne = Promise.allSettled(
    Array.from({ length: 110 }, () => find('one', 'select pg_sleep(0.002), $1::text')),
  )
  await find('other', 'select $1::text')
  const refused = (await ofOne).filter((outcome) => outcome.status === 'rejected')
  expect(refused.map(({ reason }) => reason.code)).toEqual(Array(9).fill('too_many_searches'))
  expect(refused.map(({ reason }) => reason.getStatus())).toEqual(Array(9).fill(429))
  expect(over.indexOf('other')).toBeLessThan(5)
})

it('fifty quick ones at once are found, and whoever has a hundred more hears when to come again', async () => {
  Object.assign(punctual.app.get(Config), { SEARCH_TIMEOUT_MS: 60_000 })
  const ada = await punctual.tenant()
  const { body } = await ada.get('/auth/me')
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) => ada.get(`/emails?q=word${index}`)),
  )
  expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200))
  const searches = punctual.app.get(Searches)
  const find = (sql: string) => searches.find(body.tenantId ?? body.id, [sql], [''])
  const waiting = [find('select pg_sleep(0.5), $1::text')]
  for (let asked = 0; asked < 100; asked++) waiting.push(find('select $1::text'))
  await expect(find('select $1::text')).rejects.toMatchObject({ code: 'too_many_searches' })
  const refused = await ada.get('/emails?q=one')
  await Promise.all(waiting)
  expect(refused).toMatchObject({ status: 429, body: { code: 'too_many_searches' } })
  expect(refused.headers.get('retry-after')).toMatch(/^\d+$/)
})
