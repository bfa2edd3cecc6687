import { afterAll, beforeAll, expect, it } from 'vitest'
import { earlierDatabase } from './support/earlier-database.js'

let database: Awaited<ReturnType<typeof earlierDatabase>>
beforeAll(async () => {
  database = await earlierDatabase(3)
})
afterAll(() => database.drop())

it('gives events of before the first place in the stream, in their order, without writing them anew', async () => {
  const { before, after, tenantId } = database
  const insert = `insert into events (id, user_id, name, data, occurred_at)
    select gen_random_uuid(), $1, 'email.received', json_build_object('n', n), now() from generate_series($2::int, $3) n`
  await before.query(insert, [tenantId, 1, 3])
  await before.query(insert, [tenantId, 4, 5])
  const [{ file }] = await before.query(`select pg_relation_filenode('events') as file`)
  await database.migrate()
  expect(await after.query(`select pg_relation_filenode('events') as file`)).toEqual([{ file }])
  // An older process, which knows nothing of positions, still runs.
  await before.query(insert, [tenantId, 6, 7])
  const rows: { n: number; position: number }[] = await after.query(
    `select (data ->> 'n')::int as n, position from events order by position, seq`,
  )
  expect(rows.map(({ n }) => n)).toEqual([1, 2, 3, 4, 5, 6, 7])
  expect(rows.map(({ position }) => position > 0)).toEqual([...Array(5).fill(false), true, true])
})
