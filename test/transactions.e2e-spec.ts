import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { StatementClient } from '../src/database/statement-client.js'
import { UnitOfWork } from '../src/database/unit-of-work.js'
import type { Body } from './support/api-client.js'
import { startTestApp, type TestApp } from './support/test-app.js'

const MAIL = { from: { address: 'c@example.com' }, subject: 'S', text: 'T' }

let punctual: TestApp
beforeAll(async () => {
  punctual = await startTestApp()
})
afterAll(() => punctual.stop())

describe('a connection', () => {
  // Its own query overloads are pg's; here only text and values are asked.
  let client: Body
  beforeAll(async () => {
    client = new StatementClient({ connectionString: punctual.databaseUrl })
    await client.connect()
    await client.query('create table kept (n int primary key)')
  })
  afterAll(() => client.end())

  it('begins a transaction with its first statement, and ends it', async () => {
    await client.query('START TRANSACTION')
    await client.query('insert into kept values ($1)', [1])
    await client.query('ROLLBACK')
    await client.query('START TRANSACTION')
    await client.query('insert into kept values ($1)', [2])
    await client.query('COMMIT')
    await client.query('START TRANSACTION')
    await client.query('COMMIT')
    expect((await client.query('select n from kept')).rows).toEqual([{ n: 2 }])
  })

  it('does not call a transaction committed that PostgreSQL rolled back', async () => {
    await client.query('START TRANSACTION')
    await client.query('insert into kept values ($1)', [3])
    client.query('insert into kept values ($1)', [3]).catch(() => {}) // nobody hears it
    await expect(client.query('COMMIT')).rejects.toThrow('rolled back')
    expect((await client.query('select 1 from kept where n = $1', [3])).rows).toEqual([])
  })

  it('recovers when its statements are gone or their tables have changed', async () => {
    const ask = () => client.query('select n from kept where n = $1', [2])
    await ask()
    await client.query('deallocate all')
    await expect(ask()).rejects.toThrow(/does not exist/)
    expect((await ask()).rows).toEqual([{ n: 2 }])
    await client.query('alter table kept alter n type bigint')
    await expect(ask()).rejects.toThrow(/cached plan/)
    expect((await ask()).rows).toHaveLength(1)
  })
})

it('a transaction cannot be asked after its end', async () => {
  const tx = await punctual.app.get(UnitOfWork).run(async (open) => open)
  await expect(tx.query('select 1')).rejects.toThrow('after the end')
})

it('a write that nobody waited for fails its transaction, with its own error', async () => {
  const work = punctual.app.get(UnitOfWork)
  await work.query('create table written (n int primary key)')
  const twice = work.run(async (tx) => {
    tx.write('insert into written values ($1)', [1])
    tx.write('insert into written values ($1)', [1])
  })
  await expect(twice).rejects.toThrow('duplicate key')
  const followed = work.run(async (tx) => {
    tx.write('insert into written values ($1)', ['x'])
    await tx.query('select 1')
  })
  await expect(followed).rejects.toThrow('invalid input syntax')
  expect(await work.query('select n from written')).toEqual([])
})

describe('a story', () => {
  it('is committed before what waits for its end is done', async () => {
    const work = punctual.app.get(UnitOfWork)
    const order: string[] = []
    await work.runAsOne(
      () => work.run(async (tx) => void tx.whenOver(() => order.push('over'))),
      async () => {},
      async () => void order.push('last'),
    )
    expect(order).toEqual(['last', 'over'])
  })

  it('that fails takes what it left running with it', async () => {
    const work = punctual.app.get(UnitOfWork)
    await work.query('create table left_over (n int)')
    const failed = Promise.withResolvers<void>()
    const late: Promise<unknown>[] = []
    const insert = (n: number) => work.run((tx) => tx.query('insert into left_over values ($1)', [n]))
    const story = work.runAsOne(
      async () => {
        late.push(failed.promise.then(() => insert(1)))
        late.push(failed.promise.then(() => work.query('insert into left_over values (2)')))
        throw new Error('It failed')
      },
      async () => {},
      async () => {},
    )
    await expect(story).rejects.toThrow('It failed')
    failed.resolve()
    for (const one of late) await expect(one).rejects.toThrow('has failed')
    expect(await work.query('select n from left_over')).toEqual([])
  })

  it('that ends well leaves its timers to run alone', async () => {
    const work = punctual.app.get(UnitOfWork)
    await work.query('create table timed (n int)')
    const ended = Promise.withResolvers<void>()
    let later: Promise<unknown> | undefined
    await work.runAsOne(
      async () => {
        later = ended.promise.then(() => work.run((tx) => tx.query('insert into timed values (1)')))
      },
      async () => {},
      async () => {},
    )
    ended.resolve()
    await later
    expect(await work.query('select n from timed')).toEqual([{ n: 1 }])
  })
})

it('two conversations that become one take along a message that arrives meanwhile', async () => {
  const ada = await punctual.tenant()
  const post = (messageId: string, references: string[] = []) =>
    ada.post('/emails', { ...MAIL, messageId, references })
  await post('r1@x')
  const r2 = (await post('r2@x')).body
  const holder = new Client({ connectionString: punctual.databaseUrl })
  await holder.connect()
  await holder.query('begin')
  await holder.query('select from emails where id = $1 for no key update', [r2.id])
  const merging = post('m@x', ['r1@x', 'r2@x'])
  await sleep(200) // it now waits for the row of r2
  const late = post('late@x', ['r2@x'])
  await sleep(200)
  await holder.query('commit')
  await Promise.all([merging, late])
  await holder.end()
  const threads = (await ada.get('/emails')).body.data.map((email: Body) => email.threadId)
  expect(threads).toHaveLength(4)
  expect(new Set(threads).size).toBe(1)
})

it('the figures of the day count every answer of two that come at once', async () => {
  const ada = await punctual.tenant()
  const ids = await Promise.all([1, 2, 3, 4].map(async () => (await ada.post('/emails', MAIL)).body.id))
  await Promise.all(ids.map((id) => ada.post(`/emails/${id}/reply`, { text: 'Hello' })))
  const events = await punctual.query<{ replies: number }>(
    `select (data->'team'->>'replies')::int as replies from events
     where name = 'team.performance.updated' and user_id = $1 order by 1`,
    [ada.tenantId],
  )
  expect(events.map(({ replies }) => replies)).toEqual([1, 2, 3, 4])
})
