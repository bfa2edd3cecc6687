import { UnitOfWork } from '../../src/database/unit-of-work.js'
import { parseCalendar } from '../../src/sla/calendar-definition.js'
import { SlaRevisions } from '../../src/sla/sla-revisions.service.js'
import type { ApiClient } from './api-client.js'
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

/** Its next version, as a change of it is: running clocks follow. */
export function changeCalendar(punctual: TestApp, tenantId: string, id: number, input: Input): Promise<void> {
  return punctual.app.get(UnitOfWork).run(async (tx) => {
    await punctual.app.get(SlaRevisions).bump(tx, tenantId)
    await tx.query(
      `with changed as (update sla_calendars set version = version + 1 where id = $1 returning *)
       insert into sla_calendar_versions (user_id, calendar_id, version, definition)
       select user_id, id, version, $2 from changed`,
      [id, definitionOf(input)],
    )
  })
}

/** Once every running clock follows the last change of policies and calendars. */
export const recomputed = (client: ApiClient): Promise<void> =>
  eventually(async () => {
    const { body } = await client.get('/sla/recomputation')
    if (!body.isComplete) throw new Error('Not yet computed anew')
  })

const definitionOf = ({ timezone, hours, holidays }: Input) =>
  JSON.stringify(parseCalendar({ timezone, calendar: hours, holidays }))
