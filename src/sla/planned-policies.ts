import type { Transaction } from '../database/transaction.js'
import { SnakeNaming } from '../database/naming.js'
import { invalid, notFound } from '../http/problem.js'
import { BusinessCalendar } from '../calendars/business-calendar.js'
import type { CalendarDefinition } from '../calendars/calendar-definition.js'
import { requestedCalendar } from '../calendars/calendar-request.js'
import { refuseTooShort, useOf } from '../calendars/calendar-use.js'
import type { CompiledCalendars } from '../calendars/compiled-calendars.js'
import { DEFAULT_POLICIES } from './default-policies.js'
import { planChange, planCreation, planRemoval, type PolicyPlan } from './policy-order.js'
import { defined } from './policy-rules.js'
import type { SimulateDto } from './simulation.dto.js'
import { SlaSetting } from './sla-setting.entity.js'

/** Stands for the id of a version that is not there yet. */
export const NEW_VERSION = 0

/** What a change would make of a tenant's policies and calendars. */
export interface Planned {
  /** JSON for `PLANNED_POLICIES`. */
  policies: string
  calendar?: { id: number; compiled: BusinessCalendar }
}

/**
 * SQL: the policies as they would be, with the columns of `PRESENT_POLICIES`. $2 are the policies, $3 the id of the
 * calendar that changes, if one does.
 */
export const PLANNED_POLICIES = `
  select s.*, coalesce(v.id, ${NEW_VERSION}) as version_id,
         case when s.calendar_id = $3::bigint then ${NEW_VERSION} else cv.id end as calendar_version_id
  from json_populate_recordset(null::sla_settings, $2) s
  left join sla_setting_versions v on v.setting_id = s.id and v.version = s.version
  left join sla_calendars cal on cal.id = s.calendar_id
  left join sla_calendar_versions cv on cv.calendar_id = cal.id and cv.version = cal.version`

/** @throws Problem 400 unless one change is asked for, and as the change itself would */
export async function planned(
  tx: Transaction,
  tenantId: string,
  input: SimulateDto,
  calendars: CompiledCalendars,
): Promise<Planned> {
  requireOne(input)
  const { settingId, changes, setting, remove, calendarId, calendar } = input
  const policies = await policiesOf(tx, tenantId)
  const present = { tenantId, policies, calendars, hold: '' as const }
  if (changes) return rowsOf(await planChange(tx, present, settingId!, changes))
  if (setting) return rowsOf(await planCreation(tx, present, setting))
  if (remove) return rowsOf(planRemoval(present, remove))
  const definition = await definitionWith(tx, tenantId, calendarId!, calendar!)
  refuseTooShort(definition, await useOf(tx, calendarId!), FIELDS.calendar)
  const compiled = BusinessCalendar.compile(definition)
  return { ...rowsOf({ order: policies }), calendar: { id: calendarId!, compiled } }
}

const KINDS = [['settingId', 'changes'], ['setting'], ['remove'], ['calendarId', 'calendar']] as const

function requireOne(input: SimulateDto): void {
  const given = Object.entries(input).flatMap(([key, value]) => (value === undefined ? [] : [key]))
  const isOne = KINDS.some((keys) => keys.length === given.length && keys.every((key) => given.includes(key)))
  const kinds = KINDS.map((keys) => keys.join(' with ')).join(', ')
  if (!isOne) throw invalid('body', `must be one change: ${kinds}`)
}

/** In their order; those that a tenant starts with where it has none yet. */
async function policiesOf(tx: Transaction, tenantId: string): Promise<SlaSetting[]> {
  const policies = await tx.manager.find(SlaSetting, {
    where: { userId: tenantId },
    order: { position: 'ASC' },
  })
  if (policies.length > 0) return policies
  return DEFAULT_POLICIES.map(({ replySeconds, ...policy }) => {
    const targets = { firstReplySeconds: replySeconds, nextReplySeconds: replySeconds }
    return tx.manager.create(SlaSetting, { userId: tenantId, isActive: true, ...policy, ...targets } as never)
  })
}

const { columnName } = new SnakeNaming()

const rowsOf = ({ order }: Pick<PolicyPlan, 'order'>): Planned => ({
  policies: JSON.stringify(
    order.map((policy, index) =>
      Object.fromEntries(
        Object.entries({ ...policy, position: index + 1 }).map(([key, value]) => [
          columnName(key, undefined),
          value,
        ]),
      ),
    ),
  ),
})

async function definitionWith(
  tx: Transaction,
  tenantId: string,
  calendarId: number,
  changes: NonNullable<SimulateDto['calendar']>,
): Promise<CalendarDefinition> {
  const [present] = await tx.query<{ definition: CalendarDefinition }>(
    `select v.definition from sla_calendars c
     join sla_calendar_versions v on v.calendar_id = c.id and v.version = c.version
     where c.id = $1 and c.user_id = $2 and c.deleted_at is null`,
    [calendarId, tenantId],
  )
  if (!present) throw notFound('calendar')
  const { timezone, hours, holidays } = { ...present.definition, ...defined(changes) }
  return requestedCalendar({ timezone, calendar: hours, holidays }, FIELDS)
}

const FIELDS = { timezone: 'calendar.timezone', calendar: 'calendar.hours', holidays: 'calendar.holidays' }
