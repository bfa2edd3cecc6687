import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DataSource } from 'typeorm'
import { dataSourceOptions } from '../ormconfig.js'
import { migrate } from '../src/database/migrate.js'
import { findPostgres } from '../src/database/postgres-probe.js'
import { UnitOfWork } from '../src/database/unit-of-work.js'
import { administer, createDatabase, inDatabase, type TestDatabase } from './support/postgres.js'
import { eventually } from './support/eventually.js'
import { noPgBouncer, PgBouncer } from './support/pgbouncer.js'
import { Receiver } from './support/receiver.js'
import { startTestApp, type TestApp } from './support/test-app.js'

if (noPgBouncer) console.log(`test/pooler.e2e-spec.ts is skipped: ${noPgBouncer}`)

const SETTINGS = `select current_setting('enable_seqscan') as seqscan, current_setting('random_page_cost') as cost,
  current_setting('statement_timeout') as timeout`
const find = (url: string) => findPostgres('DATABASE_URL', url, 0, () => {})

describe.skipIf(noPgBouncer)('behind PgBouncer in transaction mode', () => {
  let database: TestDatabase
  let pooler: PgBouncer
  let punctual: TestApp

  beforeAll(async () => {
    database = await createDatabase()
    pooler = await PgBouncer.start(database.url)
    punctual = await startTestApp({ DATABASE_URL: pooler.url })
  })
  afterAll(async () => {
    await punctual.stop()
    await pooler.stop()
    await database.drop()
  })

  it('the story goes as ever: mail in, deliveries out, a reply, and many at once', async () => {
    const receiver = await Receiver.start()
    const ada = await punctual.tenant()
    await ada.post('/webhooks/subscribe', { url: receiver.url, events: ['*'] })
    const mail = { from: { address: 'c@example.com' }, subject: 'Help', text: 'Help!' }
    const posted = await Promise.all(Array.from({ length: 40 }, () => ada.post('/emails', mail)))
    expect(posted.map(({ status }) => status)).toEqual(posted.map(() => 201))
    const reads = await Promise.all(posted.map(({ body }) => ada.get(`/emails/${body.id}`)))
    expect(reads.map(({ status }) => status)).toEqual(reads.map(() => 200))
    expect((await ada.post(`/emails/${posted[0]!.body.id}/reply`, { text: 'Hello' })).status).toBe(201)
    await eventually(() => expect(receiver.received.length).toBeGreaterThan(posted.length), 30_000)
    await receiver.stop()
  })

  it('each transaction has the settings of a connection of our own, and leaves nothing to the next', async () => {
    const work = punctual.app.get(UnitOfWork)
    const sessions = Array.from({ length: 20 }, () => work.run((tx) => tx.query(SETTINGS)))
    for (const rows of await Promise.all(sessions))
      expect(rows).toEqual([{ seqscan: 'off', cost: '1.1', timeout: '30s' }])
    expect(await work.query(SETTINGS)).toEqual([{ seqscan: 'on', cost: '4', timeout: '0' }])
  })

  it('processes that start together migrate once', async () => {
    await administer(database.url, `create database pooled_together`)
    const url = inDatabase(pooler.url, 'pooled_together')
    const sources = await Promise.all(
      [1, 2].map(() => new DataSource(dataSourceOptions(url, 2, true)).initialize()),
    )
    const ran = await Promise.all(sources.map(migrate))
    expect(ran.sort((a, b) => a - b)).toEqual([0, sources[0]!.migrations.length])
    for (const source of sources) await source.destroy()
    await administer(database.url, `drop database pooled_together with (force)`)
  })

  it('is found out, also where the pooler was told to ignore what we ask of a session', async () => {
    expect((await find(database.url)).isPooled).toBe(false)
    expect((await find(pooler.url)).isPooled).toBe(true)
    const lenient = await PgBouncer.start(database.url, { ignore_startup_parameters: 'options' })
    expect((await find(lenient.url)).isPooled).toBe(true)
    await lenient.stop()
  })
})
