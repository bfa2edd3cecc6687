import { DataSource } from 'typeorm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { dataSourceOptions } from '../ormconfig.js'
import { migrate } from '../src/database/migrate.js'
import { createDatabase, type TestDatabase } from './support/postgres.js'

const THE_SEVENTEEN = [
  ...[
    'user',
    'session',
    'account',
    'verification',
    'emails',
    'email_providers',
    'email_replies',
    'email_sync_logs',
  ],
  ...[
    'response_metrics',
    'team_members',
    'sla_settings',
    'reply_templates',
    'performance_goals',
    'time_bands',
  ],
  ...['alerts', 'webhooks', 'webhook_logs'],
]

let database: TestDatabase
let source: DataSource

beforeAll(async () => {
  database = await createDatabase('template0')
  source = new DataSource(dataSourceOptions(database.url))
})
afterAll(async () => {
  await source.destroy()
  await database.drop()
})

it('migrates an empty database once, however many processes start together', async () => {
  const sources = await Promise.all(
    [1, 2, 3, 4].map(() => new DataSource(dataSourceOptions(database.url)).initialize()),
  )
  await Promise.all(sources.map(migrate))
  await Promise.all(sources.map((one) => one.destroy()))
  await source.initialize()
  const applied = await source.query('select name from migrations')
  expect(applied).toHaveLength(source.migrations.length)
})

it('has the seventeen tables', async () => {
  const rows: { name: string }[] = await source.query(
    `select table_name as name from information_schema.tables where table_schema = 'public'`,
  )
  expect(rows.map(({ name }) => name)).toEqual(expect.arrayContaining(THE_SEVENTEEN))
})

it('has the tables and columns that the entities say', async () => {
  const { upQueries } = await source.driver.createSchemaBuilder().log()
  // Constraints and indexes belong to the migrations alone; TypeORM would drop those that no entity repeats.
  const columns = upQueries
    .map(({ query }) => query)
    .filter((sql) => !/ DROP CONSTRAINT |^DROP INDEX /.test(sql))
  expect(columns).toEqual([])
})

it('lets every row of a tenant go with its owner, and gives every foreign key an index', async () => {
  const keys: { name: string; action: string; indexed: boolean }[] = await source.query(
    `select c.conrelid::regclass || '.' || a.attname as name, c.confdeltype as action,
            exists (select from pg_index i where i.indrelid = c.conrelid and i.indkey[0] = c.conkey[1]) as indexed
     from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
     where c.contype = 'f'`,
  )
  expect(keys.length).toBeGreaterThan(30)
  expect(keys.filter(({ indexed }) => !indexed)).toEqual([])
  const tenants = keys.filter(({ name }) => name.endsWith('.user_id'))
  expect(tenants.filter(({ action }) => action !== 'c')).toEqual([])
})

it('gives webhooks and webhook_logs the columns that integrations were promised', async () => {
  const columnsOf = async (table: string) => {
    const rows: { name: string }[] = await source.query(
      `select column_name as name from information_schema.columns where table_name = $1`,
      [table],
    )
    return rows.map(({ name }) => name)
  }
  expect(await columnsOf('webhooks')).toEqual(
    expect.arrayContaining([
      ...['id', 'user_id', 'url', 'events', 'is_active', 'secret', 'headers', 'retry_count'],
      ...['last_triggered_at', 'last_status', 'last_error', 'created_at', 'updated_at'],
    ]),
  )
  expect(await columnsOf('webhook_logs')).toEqual(
    expect.arrayContaining([
      ...[
        'id',
        'webhook_id',
        'event_type',
        'payload',
        'status',
        'status_code',
        'response_body',
        'error_message',
      ],
      ...['attempts', 'created_at', 'completed_at'],
    ]),
  )
})
