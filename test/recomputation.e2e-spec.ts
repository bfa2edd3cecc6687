import { Client } from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { eventually } from './support/eventually.js'
import { Mailbox, MINUTE, ok } from './support/mailbox.js'
import { startTestApp, type TestApp } from './support/test-app.js'

let punctual: TestApp
beforeAll(async () => {
  punctual = await startTestApp()
})
afterAll(() => punctual.stop())

it('computes by the email as it is once the clock is free, not as it was when it began to wait', async () => {
  const mailbox = await Mailbox.open(punctual)
  await ok(mailbox.api.post('/sla/settings', { name: 'High', priorities: ['high'], firstReplyMinutes: 10 }))
  const { id } = await mailbox.post({ priority: 'medium' })
  const other = new Client({ connectionString: punctual.databaseUrl })
  await other.connect()
  try {
    await other.query('begin')
    await other.query(`update emails set priority = 'high' where id = $1`, [id])
    await other.query('select from sla_clocks where email_id = $1 for no key update', [id])
    await mailbox.changePolicy({ firstReplyMinutes: 777 })
    await eventually(async () => {
      const waiting = await punctual.query(
        `select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()
           and query like '%sla_clocks%'`,
      )
      expect(waiting).not.toEqual([])
    })
    await other.query('commit')
  } finally {
    await other.end()
  }
  await mailbox.settled()
  expect((await mailbox.clocks(id))[0]).toMatchObject({ targetMinutes: 10 })
})

it('goes on for the others when a tenant’s cannot be done, and so does the monitor', async () => {
  const [broken, well] = [await Mailbox.open(punctual), await Mailbox.open(punctual)]
  const [first, second] = [await broken.post(), await well.post()]
  const week = { mon: [['09:00', '17:00']] }
  const calendar = await ok(
    broken.api.post('/sla/calendars', { name: 'Office', timezone: 'Europe/Berlin', hours: week }),
  )
  await punctual.query('alter table sla_calendar_versions disable trigger immutable')
  await punctual.query(`update sla_calendar_versions set definition = '{}' where calendar_id = $1`, [
    calendar.id,
  ])
  await punctual.query(`update sla_settings set calendar_id = $1 where id = $2`, [
    calendar.id,
    broken.policyId,
  ])
  await punctual.query(`update sla_revisions set revision = revision + 1 where user_id = $1`, [
    broken.api.tenantId,
  ])
  await well.changePolicy({ firstReplyMinutes: 60 })
  await well.settled()
  expect((await well.clocks(second.id))[0]).toMatchObject({ targetMinutes: 60 })

  await punctual.advance(61 * MINUTE) // both are due, and the broken one was due first by what it knows
  await eventually(async () => expect((await well.states(second.id))[0]).toBe('first_reply breached'))
  expect((await broken.states(first.id))[0]).toBe('first_reply running')

  const definition = { timezone: 'Europe/Berlin', hours: { always_open: true }, holidays: [] }
  await punctual.query('update sla_calendar_versions set definition = $2 where calendar_id = $1', [
    calendar.id,
    JSON.stringify(definition),
  ])
  await punctual.query('alter table sla_calendar_versions enable trigger immutable')
  await punctual.advance(40 * MINUTE)
  await eventually(async () => expect((await broken.states(first.id))[0]).toBe('first_reply breached'))
})
