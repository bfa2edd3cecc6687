import { DataSource } from 'typeorm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { dataSourceOptions } from '../ormconfig.js'
import { previousRelease } from './upgrade/previous-release.js'
import { createDatabase, type TestDatabase } from './support/postgres.js'

/**
 * The release before runs on the schema of this one: whatever it may write now, it may write then. `npm run upgrade-check`
 * runs it; this names the statement that would break it.
 */

interface Column {
  table: string
  name: string
  type: string
  isRequired: boolean
  /** Also those that number or compute themselves. */
  hasDefault: boolean
}

interface Rule {
  table: string
  name: string
  says: string
  /** Of a check or a foreign key. One of new columns only concerns what the release before leaves out. */
  columns: string[]
}

interface Schema {
  columns: Column[]
  /** Constraints, unique indexes, triggers and foreign keys that point to a table: what may refuse a row or its removal. */
  rules: Rule[]
}

let database: TestDatabase
let before: Schema
let after: Schema

beforeAll(async () => {
  database = await createDatabase('template0')
  const options = dataSourceOptions(database.url)
  const migrations = options.migrations as { name: string }[]
  const last = migrations.findIndex(({ name }) => name === previousRelease().lastMigration)
  expect(last, 'CHANGELOG.md names the last migration of its newest version').toBeGreaterThan(0)
  before = await migratedBy(migrations.slice(0, last + 1))
  after = await migratedBy(migrations)

  async function migratedBy(those: object[]): Promise<Schema> {
    const source = await new DataSource({ ...options, migrations: those as [] }).initialize()
    try {
      await source.runMigrations()
      return { columns: await source.query(COLUMNS), rules: await source.query(RULES) }
    } finally {
      await source.destroy()
    }
  }
})
afterAll(() => database.drop())

it('keeps each column as it was, and lets each be left out that could be', () => {
  const now = new Map(after.columns.map((column) => [placeOf(column), column]))
  const broken = before.columns.filter((was) => {
    const is = now.get(placeOf(was))
    if (is?.type !== was.type) return true
    return is.isRequired && (!was.isRequired || (was.hasDefault && !is.hasDefault))
  })
  expect(broken.map(placeOf)).toEqual([])
})

it('keeps the unique keys, which `on conflict` names', () => {
  const known = new Set(after.rules.map(({ table, says }) => `${table} ${says}`))
  const keys = before.rules.filter(({ says }) => /^(PRIMARY|UNIQUE|CREATE UNIQUE)/.test(says))
  expect(keys.filter(({ table, says }) => !known.has(`${table} ${says}`))).toEqual([])
})

it('adds columns to its tables only where they may be left out', () => {
  const isOld = tablesOf(before)
  const added = after.columns.filter(
    (column) => isOld.has(column.table) && !before.columns.some((one) => placeOf(one) === placeOf(column)),
  )
  expect(added.filter(({ isRequired, hasDefault }) => isRequired && !hasDefault).map(placeOf)).toEqual([])
})

it('adds nothing that could refuse what the release before writes or removes', () => {
  const isOld = tablesOf(before)
  const known = new Set(before.rules.map(({ table, name, says }) => `${table} ${name} ${says}`))
  const old = new Set(before.columns.map(placeOf))
  const ofNew = ({ table, columns }: Rule) =>
    columns.length > 0 && columns.every((name) => !old.has(`${table}.${name}`))
  const added = after.rules.filter(
    (rule) => isOld.has(rule.table) && !known.has(`${rule.table} ${rule.name} ${rule.says}`) && !ofNew(rule),
  )
  expect(added.filter((rule) => !MAY_STAND.includes(`${rule.table} ${rule.name}`))).toEqual([])
})

/** `table name` of rules that refuse nothing which the release before writes, each with its reason. */
const MAY_STAND = [
  // They count, and never raise.
  'customer_tiers customer_tiers_added',
  'customer_tiers customer_tiers_removed',
]

const placeOf = ({ table, name }: Pick<Column, 'table' | 'name'>) => `${table}.${name}`
const tablesOf = ({ columns }: Schema) => new Set(columns.map(({ table }) => table))

const COLUMNS = `
  select c.relname as table, a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
    a.attnotnull as "isRequired", (a.atthasdef or a.attidentity <> '') as "hasDefault"
  from pg_attribute a join pg_class c on c.oid = a.attrelid
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
  order by 1, 2`

const RULES = `
  select c.relname as table, r.conname as name, pg_get_constraintdef(r.oid) as says,
    case when r.contype in ('c', 'f') then array(
      select a.attname::text from pg_attribute a where a.attrelid = r.conrelid and a.attnum = any(r.conkey))
    else '{}' end as columns
  from pg_constraint r join pg_class c on c.oid = r.conrelid
  where c.relnamespace = 'public'::regnamespace and r.contype in ('c', 'f', 'u', 'p', 'x')
  union all
  select c.relname, i.relname, pg_get_indexdef(i.oid), '{}'
  from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class c on c.oid = x.indrelid
  where c.relnamespace = 'public'::regnamespace and x.indisunique
  union all
  select c.relname, t.tgname, pg_get_triggerdef(t.oid), '{}'
  from pg_trigger t join pg_class c on c.oid = t.tgrelid
  where c.relnamespace = 'public'::regnamespace and not t.tgisinternal
  union all
  select c.relname, r.conname, 'pointed at: ' || pg_get_constraintdef(r.oid), '{}'
  from pg_constraint r join pg_class c on c.oid = r.confrelid
  where c.relnamespace = 'public'::regnamespace and r.contype = 'f' and r.confdeltype in ('a', 'r')
  order by 1, 2`
