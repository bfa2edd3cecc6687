import { afterAll, beforeAll, expect, it } from 'vitest'
import { ALWAYS_OPEN } from '../src/calendars/business-calendar.js'
import { replay, type Entry, type Terms } from '../src/sla/clock-life.js'
import { CLOCK_ROW, type ClockRow } from '../src/sla/clock-rows.js'
import { earlierDatabase } from './support/earlier-database.js'

let database: Awaited<ReturnType<typeof earlierDatabase>>
beforeAll(async () => {
  database = await earlierDatabase(1)
})
afterAll(() => database.drop())

it('keeps the targets and clocks of a database from before policies', async () => {
  const { before, after, tenantId } = database
  await before.query(
    `insert into sla_settings (user_id, priority, customer_tier, target_seconds, warning_percent, is_active)
     values ($1, 'high', 'vip', 600, 30, true), ($1, 'low', 'vip', 900, 20, false)`,
    [tenantId],
  )
  await before.query(
    `insert into emails (user_id, thread_id, message_id, from_address, subject, body_text, received_at)
     select $1, gen_random_uuid(), n::text, 'c@example.com', 'S', 'T', '2026-03-02T09:00:00Z'
     from generate_series(1, 4) n`,
    [tenantId],
  )
  await before.query(
    `insert into sla_clocks (user_id, email_id, state, started_at, target_seconds, warning_at, deadline_at, warned_at,
       breached_at, stopped_at, next_due_at)
     select e.user_id, e.id, v.state, e.received_at, 600, '2026-03-02T09:07:00Z', '2026-03-02T09:10:00Z', v.warned,
       v.breached, v.stopped, v.due
     from emails e join (values
       ('1', 'running', null, null, null, timestamptz '2026-03-02T09:07:00Z'),
       ('2', 'late', '2026-03-02T09:08:00.005Z'::timestamptz, '2026-03-02T09:10:00.007Z'::timestamptz,
        '2026-03-02T09:20:00Z'::timestamptz, null),
       ('3', 'met', '2026-03-02T09:08:00.001Z', null, '2026-03-02T09:10:00Z', null),
       ('4', 'running', '2026-03-02T09:07:00.001Z', null, null, '2026-03-02T09:10:00Z')
     ) as v(n, state, warned, breached, stopped, due) on e.message_id = v.n`,
  )

  await database.migrate()

  expect(
    await after.query(`select name, position, version, is_default, is_active, priorities, customer_tiers,
      first_reply_seconds, next_reply_seconds, resolution_seconds, warning_percent from sla_settings order by position`),
  ).toMatchObject([
    {
      name: 'vip high',
      priorities: ['high'],
      customer_tiers: ['vip'],
      first_reply_seconds: 600,
      warning_percent: 30,
    },
    {
      name: 'vip low',
      first_reply_seconds: 900,
      next_reply_seconds: 900,
      is_active: false,
      resolution_seconds: null,
    },
    { name: 'Default', position: 3, version: 1, is_default: true, priorities: null },
  ])
  expect(await after.query('select setting_id, version from sla_setting_versions')).toHaveLength(3)
  // Every clock that runs is to be computed by the policies, as after any change of them.
  expect(await after.query('select revision, applied from sla_revisions')).toEqual([
    { revision: 1, applied: 0 },
  ])

  const clocks: ClockRow[] = await after.query(`select ${CLOCK_ROW} from sla_clocks c order by id`)
  expect(clocks).toHaveLength(4)
  for (const { id, metric, ...face } of clocks) {
    const entries: Entry[] = await after.query(
      `select type, at, recorded_at as "recordedAt", detail from sla_clock_history where clock_id = $1 order by id`,
      [id],
    )
    const { startedAt } = entries[0]!.detail as Terms
    Object.assign(entries[0]!.detail, { startedAt: new Date(startedAt) })
    expect(metric).toBe('first_reply')
    expect(replay(entries, () => ALWAYS_OPEN)).toEqual(face)
  }
})
