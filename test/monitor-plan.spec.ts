import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dataSourceOptions } from '../ormconfig.js'
import { Clock } from '../src/database/clock.js'
import { claimSql, nextDueSql } from '../src/sla/sla.monitor.js'
import { nodesOf, pagesOf, type PlanNode } from './support/plans.js'
import { createDatabase, type TestDatabase } from './support/postgres.js'

const CLOCKS = 1_000_000
const DUE = 25
const LIMIT = 500
const { sqlNow } = new Clock()

let database: TestDatabase
let client: Client

beforeAll(async () => {
  database = await createDatabase()
  const { options } = dataSourceOptions(database.url).extra as { options: string } // what plans depend on
  client = new Client({ connectionString: database.url, options })
  await client.connect()
  await makeClocks()
})
afterAll(async () => {
  await client.end()
  await database.drop()
})

describe.each(['force_custom_plan', 'force_generic_plan'])(
  'among a million open clocks, by %s,',
  (planCacheMode) => {
    const planOf = (sql: string) => explain(sql, planCacheMode)

    it('a claim reads the due ones by their index, and no others', async () => {
      const plan = await planOf(claimSql(sqlNow))
      const scans = scansOfClocks(plan)
      const byDue = scans.filter(({ index }) => index === 'sla_clocks_due_idx')
      expect(byDue).toEqual([{ index: 'sla_clocks_due_idx', rows: DUE }])
      // Each of them is then found by its id.
      const others = scans.filter(({ index }) => index !== 'sla_clocks_due_idx')
      expect(others.map(({ index }) => index)).toEqual(others.map(() => 'sla_clocks_pkey'))
      expect(Math.max(...others.map(({ rows }) => rows))).toBeLessThanOrEqual(DUE)
      expect(pagesOf(plan)).toBeLessThan(60 * DUE)
    })

    it('a claim that finds nothing due touches a handful of pages', async () => {
      const plan = await planOf(claimSql(`timestamptz '2000-01-01'`))
      expect(scansOfClocks(plan)).toContainEqual({ index: 'sla_clocks_due_idx', rows: 0 })
      expect(pagesOf(plan)).toBeLessThan(15)
    })

    it('the next instant at which one is due is the first entry of that index', async () => {
      const plan = await planOf(nextDueSql(sqlNow))
      expect(scansOfClocks(plan)).toEqual([{ index: 'sla_clocks_due_idx', rows: 1 }])
      expect(pagesOf(plan)).toBeLessThan(15)
    })
  },
)

/** As the monitor asks it, by name, and then undone. */
async function explain(sql: string, planCacheMode: string): Promise<PlanNode> {
  const parameters = sql.includes('$3')
    ? { declared: '(bigint, uuid[], uuid)', given: `(${LIMIT}, '{}', null)` }
    : { declared: '', given: '' }
  await client.query(`begin; set local plan_cache_mode = ${planCacheMode}`)
  try {
    await client.query(`prepare look ${parameters.declared} as ${sql}`)
    const { rows } = await client.query(
      `explain (analyze, buffers, format json) execute look ${parameters.given}`,
    )
    return rows[0]['QUERY PLAN'][0].Plan
  } finally {
    await client.query('rollback; deallocate all')
  }
}

/** What is read of sla_clocks: by which index, none being a scan of the table, and how many rows in all. */
const scansOfClocks = (plan: PlanNode) =>
  nodesOf(plan)
    .filter((node) => node['Node Type'].includes('Scan') && nameOf(node).startsWith('sla_clocks'))
    .map((node) => ({
      index: node['Index Name'],
      rows: Math.round(node['Actual Rows'] * node['Actual Loops']),
    }))

const nameOf = (node: PlanNode) => node['Index Name'] ?? node['Relation Name'] ?? ''

/** Only those that are due have emails. Constraints and indexes that no plan here needs would take most of the time. */
async function makeClocks(): Promise<void> {
  await client.query(`
    do $$ declare name text; begin
      for name in select conname from pg_constraint
        where conrelid = 'sla_clocks'::regclass and contype in ('c', 'f', 'u')
      loop execute format('alter table sla_clocks drop constraint %I', name); end loop;
    end $$;
    drop index sla_clocks_revision_idx, sla_clocks_deadline_idx;
    insert into "user" (email, name) values ('ada@example.com', 'Ada');
    insert into emails (user_id, thread_id, message_id, from_address, subject, body_text, received_at)
    select u.id, gen_random_uuid(), i || '@example.com', 'c@example.com', 'S', 'T', now() - interval '1 day'
    from "user" u, generate_series(1, ${DUE}) i;
    insert into sla_clocks (user_id, email_id, started_at, target_seconds, warning_at, deadline_at, next_due_at)
    select u.id, i, at - interval '8 minutes', 600, at, at + interval '2 minutes', at
    from "user" u, generate_series(1, ${CLOCKS}) i,
      lateral (select case when i <= ${DUE} then now() - interval '1 hour' else now() + interval '1 day' end
        + i * interval '1 ms' as at) due;`)
  await client.query('analyze sla_clocks')
}
