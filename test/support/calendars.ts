import { UnitOfWork } from '../../src/database/unit-of-work.js'
import { InvalidCalendar, parseCalendar } from '../../src/sla/calendar-definition.js'
import { SlaRevisions } from '../../src/sla/sla-revisions.service.js'
import type { ApiClient, Body } from './api-client.js'
import { eventually } from './eventually.js'
import type { TestApp } from './test-app.js'

interface Input {
  timezone: string
  hours: unknown
  holidays?: unknown[]
}

/** A calendar of the tenant's. @returns its id */
export async function addCalendar(punctual: TestApp, tenantId: string, input: Input): Promise<number> {
  const [row] = await punctual.query<{ id: number }>(
    `with added as (insert into sla_calendars (user_id, name) values ($1, 'Office') returning *)
     insert into sla_calendar_versions (user_id, calendar_id, version, definition)
     select user_id, id, version, $2 from added returning calendar_id as id`,
    [tenantId, definitionOf(input)],
  )
  return row!.id
}

/** Its next version, as a change of it is: running clocks follow. What is left out stays. */
export async function changeCalendar(
  punctual: TestApp,
  tenantId: string,
  id: number,
  changes: Partial<Input>,
): Promise<{ status: number; body: Body }> {
  const [present] = await punctual.query<{ definition: Input }>(
    `select v.definition from sla_calendars c
     join sla_calendar_versions v on v.calendar_id = c.id and v.version = c.version where c.id = $1`,
    [id],
  )
  let definition: string
  try {
    definition = definitionOf({ ...present!.definition, ...changes })
  } catch (error) {
    if (error instanceof InvalidCalendar) return { status: 422, body: { code: 'invalid_calendar' } }
    throw error
  }
  await punctual.app.get(UnitOfWork).run(async (tx) => {
    await punctual.app.get(SlaRevisions).bump(tx, tenantId)
    await tx.query(
      `with changed as (update sla_calendars set version = version + 1 where id = $1 returning *)
       insert into sla_calendar_versions (user_id, calendar_id, version, definition)
       select user_id, id, version, $2 from changed`,
      [id, definition],
    )
  })
  return { status: 200, body: {} }
}

/** Once every running clock follows the last change of policies and calendars. */
export const recomputed = (client: ApiClient): Promise<void> =>
  eventually(async () => {
    const { body } = await client.get('/sla/recomputation')
    if (!body.isComplete) throw new Error('Not yet computed anew')
  })

const definitionOf = ({ timezone, hours, holidays }: Input) =>
  JSON.stringify(parseCalendar({ timezone, calendar: hours, holidays }))
