import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dataSourceOptions } from '../ormconfig.js'
import { Clock } from '../src/database/clock.js'
import { idsBetween } from '../src/database/timeline.js'
import type { UnitOfWork } from '../src/database/unit-of-work.js'
import { EventSamples } from '../src/webhooks/event-samples.service.js'
import { EVENTS } from '../src/webhooks/recoveries.service.js'
import { countSql, PATTERNS, recoverSql } from '../src/webhooks/recovery.sql.js'
import { nodesOf, pagesOf, type PlanNode } from './support/plans.js'
import { createDatabase, type TestDatabase } from './support/postgres.js'

/** As many as make it costly to read them all, of two tenants. */
const EVENTS_EACH = 50_000
const PAGE = 500
const MINUTE_AGO = new Date(Date.now() - 60_000)

let database: TestDatabase
let client: Client
let tenantId: string

beforeAll(async () => {
  database = await createDatabase()
  const { options } = dataSourceOptions(database.url).extra as { options: string } // what plans depend on
  client = new Client({ connectionString: database.url, options })
  await client.connect()
  tenantId = await makeEvents()
})
afterAll(async () => {
  await client.end()
  await database.drop()
})

describe.each(['force_custom_plan', 'force_generic_plan'])(
  'among many events of two tenants, by %s,',
  (planCacheMode) => {
    it('a page of a recovery reads so many events and no others', async () => {
      const { rows } = await client.query(
        'select min(seq)::int as first, max(seq)::int + 1 as end from events',
      )
      const { first, end } = rows[0]
      const asked = [null, tenantId, first + 1_000, end, new Date(0), new Date(), null, PATTERNS, 'all']
      for (const sql of [countSql(PAGE), recoverSql(PAGE, new Clock().sqlNow)]) {
        const plan = await explain(sql, asked, planCacheMode)
        expect(eventsRead([plan])).toBe(PAGE)
      }
    })

    it('where a time begins and ends is found by a few steps', async () => {
      const { source, plans } = explaining(planCacheMode)
      await idsBetween(source, EVENTS, tenantId, MINUTE_AGO, new Date())
      expect(plans).toHaveLength(2)
      expect(eventsRead(plans)).toBeLessThan(100)
      for (const plan of plans) expect(pagesOf(plan)).toBeLessThan(300)
    })

    it('samples are looked for among the newest', async () => {
      const { source, plans } = explaining(planCacheMode)
      await new EventSamples(source).newest(tenantId, 'email.resolved')
      expect(plans).toHaveLength(1)
      expect(eventsRead(plans)).toBe(1_000)
    })
  },
)

/** Explains what it is asked, and answers it too. */
function explaining(planCacheMode: string): { source: UnitOfWork; plans: PlanNode[] } {
  const plans: PlanNode[] = []
  const query = async (sql: string, parameters: unknown[]) => {
    plans.push(await explain(sql, parameters, planCacheMode))
    return (await client.query(sql, parameters)).rows
  }
  return { source: { query } as UnitOfWork, plans }
}

/** As it ran, and then undone. */
async function explain(sql: string, parameters: unknown[], planCacheMode: string): Promise<PlanNode> {
  await client.query(`begin; set local plan_cache_mode = ${planCacheMode}`)
  try {
    const { rows } = await client.query(`explain (analyze, buffers, format json) ${sql}`, parameters)
    return rows[0]['QUERY PLAN'][0].Plan
  } finally {
    await client.query('rollback')
  }
}

const eventsRead = (plans: PlanNode[]) =>
  plans
    .flatMap(nodesOf)
    .filter((node) => node['Relation Name'] === 'events')
    .reduce((sum, node) => sum + Math.round(node['Actual Rows'] * node['Actual Loops']), 0)

async function makeEvents(): Promise<string> {
  const { rows } = await client.query(
    `insert into "user" (email, name) select n || '@example.com', 'Ada' from generate_series(1, 2) n returning id`,
  )
  await client.query(
    `insert into events (id, user_id, name, data, occurred_at)
     select gen_random_uuid(), tenant, 'team.member.added', '{}', now() - interval '1 hour' + n * interval '50 ms'
     from generate_series(1, ${EVENTS_EACH}) n, unnest($1::uuid[]) tenant`,
    [rows.map(({ id }) => id)],
  )
  await client.query('analyze events')
  return rows[0].id as string
}
