import { SchedulerRegistry } from '@nestjs/schedule'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SLA_MONITOR } from '../src/sla/clock-rows.js'
import { SlaMonitor } from '../src/sla/sla.monitor.js'
import type { ApiClient, Body } from './support/api-client.js'
import { eventually } from './support/eventually.js'
import { startTestApp, type TestApp } from './support/test-app.js'

const MINUTE = 60_000
/** Of high priority from a standard customer. */
const TARGET = 240 * MINUTE
const WARNING = 0.8 * TARGET

describe('while nobody looks for due clocks', () => {
  let punctual: TestApp
  beforeAll(async () => {
    punctual = await startTestApp({ PROCESS_ROLES: 'api' })
  })
  afterAll(() => punctual.stop())

  const look = () => punctual.app.get(SlaMonitor).claim(500)

  it('nothing is lost: an hour later each warning and breach is told once, with when it was due', async () => {
    const ada = await punctual.tenant()
    const outageAt = punctual.clock.now().getTime()
    const receivedBefore = { both: 190 * MINUTE, warning: 170 * MINUTE, neither: 60 * MINUTE }
    const [both, warning, neither] = await Promise.all(
      Object.values(receivedBefore).map((ms) => post(ada, outageAt - ms)),
    )
    const warnedBefore = await post(ada, outageAt - WARNING)
    await look()
    punctual.clock.advance(60 * MINUTE)
    const returnedAt = punctual.clock.now()
    await look()
    await look() // there is nothing more to tell

    const due = (email: Body, ms: number) => new Date(Date.parse(email.receivedAt) + ms).toISOString()
    const expected = new Map([
      [both, ['sla.warning', 'sla.breached']],
      [warning, ['sla.warning']],
      [neither, []],
      [warnedBefore, ['sla.warning', 'sla.breached']],
    ])
    for (const [email, names] of expected) {
      const told = await slaEvents(punctual, email.id)
      expect(told.map(({ name, data }) => [name, data.sla.dueAt])).toEqual(
        names.map((name) => [name, due(email, name === 'sla.warning' ? WARNING : TARGET)]),
      )
    }
    expect(await entries(punctual, both.id)).toEqual([
      { type: 'started', at: new Date(both.receivedAt), recordedAt: new Date(outageAt) },
      { type: 'warned', at: new Date(due(both, WARNING)), recordedAt: returnedAt },
      { type: 'breached', at: new Date(due(both, TARGET)), recordedAt: returnedAt },
    ])
    expect((await ada.get('/alerts')).body.data).toHaveLength(5)
  })

  it('a policy changes and its clocks are not recomputed yet: what was due by the old one is not told', async () => {
    const ada = await punctual.tenant()
    const email = await post(ada, punctual.clock.now().getTime())
    await doubleTheTargetBehindTheApp(punctual, ada.tenantId)
    punctual.clock.advance(TARGET + MINUTE)
    await look()
    expect(await slaEvents(punctual, email.id)).toEqual([])
    expect((await entries(punctual, email.id)).map(({ type }) => type)).toEqual(['started', 'recomputed'])
    const later = new Date(Date.parse(email.receivedAt) + 2 * TARGET).toISOString()
    expect((await ada.get(`/emails/${email.id}`)).body.clock).toMatchObject({
      ...{ state: 'running', deadlineAt: later, breachedAt: null, targetMinutes: 480 },
    })

    punctual.clock.advance(TARGET)
    await look()
    const [, breach] = await slaEvents(punctual, email.id)
    expect(breach).toMatchObject({
      name: 'sla.breached',
      data: { sla: { dueAt: later, policy: { version: 2 } } },
    })
  })

  it('two clocks of one email become due together: each has an alert of its own', async () => {
    const ada = await punctual.tenant()
    const { data } = (await ada.get('/sla/settings')).body
    const { id } = data.find(({ name }: Body) => name === 'standard high')
    expect((await ada.patch(`/sla/settings/${id}`, { resolutionMinutes: 240 })).status).toBe(200)
    const email = await post(ada, punctual.clock.now().getTime())
    punctual.clock.advance(TARGET + MINUTE)
    await look()
    const alerts: Body[] = (await ada.get('/alerts')).body.data
    const told = await punctual.query<{ alert: Body }>(
      `select data -> 'alert' as alert from events where email_id = $1 and name = 'alert.created' order by seq desc`,
      [email.id],
    )
    expect(told.map(({ alert }) => [alert.id, alert.message])).toEqual(
      alerts.map((one) => [one.id, one.message]),
    )
    expect(new Set(alerts.map(({ message }) => message)).size).toBe(4)
  })
})

describe('a monitor that sleeps', () => {
  let punctual: TestApp
  beforeAll(async () => {
    punctual = await startTestApp()
  })
  afterAll(() => punctual.stop())

  it('is woken by a clock that is due earlier than what it sleeps for, without polling', async () => {
    const ada = await punctual.tenant()
    const schedule = punctual.app.get(SchedulerRegistry)
    const isAsleep = () => expect(schedule.doesExist('timeout', SLA_MONITOR)).toBe(true)
    await post(ada, punctual.clock.now().getTime())
    await eventually(isAsleep)
    schedule.deleteTimeout(SLA_MONITOR) // from here on only a wake-up leads to a look
    const { id } = await post(ada, punctual.clock.now().getTime() - WARNING + 100)
    punctual.clock.advance(100) // and nobody is told
    await eventually(async () =>
      expect((await slaEvents(punctual, id)).map(({ name }) => name)).toEqual(['sla.warning']),
    )
  })
})

async function post(client: ApiClient, receivedAt: number): Promise<Body> {
  const answer = await client.post('/emails', {
    ...{ from: { address: 'c@example.com' }, subject: 'S', text: 'T', priority: 'high' },
    receivedAt: new Date(receivedAt).toISOString(),
  })
  expect(answer.status).toBe(201)
  return answer.body
}

/** As a process leaves it that dies after the change and before the recomputation. */
async function doubleTheTargetBehindTheApp({ query }: TestApp, tenantId: string): Promise<void> {
  await query(
    `with changed as (
       update sla_settings set first_reply_seconds = 2 * first_reply_seconds, version = version + 1
       where user_id = $1 and name = 'standard high' returning *),
     stored as (
       insert into sla_setting_versions (user_id, setting_id, version, definition)
       select c.user_id, c.id, c.version, v.definition
       from changed c join sla_setting_versions v on v.setting_id = c.id and v.version = c.version - 1)
     insert into sla_revisions (user_id, revision) values ($1, 1)
     on conflict (user_id) do update set revision = sla_revisions.revision + 1`,
    [tenantId],
  )
}

const slaEvents = ({ query }: TestApp, emailId: number) =>
  query<{ name: string; data: Body }>(
    `select name, data from events where email_id = $1 and name like 'sla.%' order by seq`,
    [emailId],
  )

const entries = ({ query }: TestApp, emailId: number) =>
  query<{ type: string; at: Date; recordedAt: Date }>(
    `select type, at, recorded_at as "recordedAt" from sla_clock_history
     where clock_id in (select id from sla_clocks where email_id = $1) order by id`,
    [emailId],
  )
