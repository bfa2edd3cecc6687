import type { Transaction } from '../database/transaction.js'
import { conflict, unprocessable } from '../http/problem.js'
import type { CalendarDefinition } from './calendar-definition.js'
import { targetProblem } from './opening-budget.js'

/** What policies make of a calendar. */
export interface CalendarUse {
  /** Some, in their order. */
  policies: string[]
  /** Mail is measured by it. */
  isActive: boolean
  longestTargetSeconds: number
}

/** Under the tenant's lock no policy starts to use it meanwhile. */
export async function useOf(tx: Transaction, calendarId: number): Promise<CalendarUse> {
  const [use] = await tx.query<CalendarUse>(
    `select coalesce((array_agg(name order by position))[:3], '{}') as policies,
       coalesce(bool_or(is_active), false) as "isActive",
       coalesce(max(greatest(first_reply_seconds, next_reply_seconds, resolution_seconds)), 0) as "longestTargetSeconds"
     from sla_settings where calendar_id = $1`,
    [calendarId],
  )
  return use!
}

/** @throws Problem 409 for a calendar by which policies count */
export function refuseUsed({ policies }: CalendarUse): void {
  if (policies.length === 0) return
  const names = policies.map((name) => `“${name}”`).join(', ')
  throw conflict('calendar_in_use', `Policies count by this calendar: ${names}`)
}

/** @throws Problem 422 for a change of a calendar that leaves its policies a target no clock can count any more */
export function refuseTooShort(
  definition: CalendarDefinition,
  { longestTargetSeconds }: CalendarUse,
  field = 'hours',
): void {
  const problem = targetProblem(definition, longestTargetSeconds * 1_000)
  if (!problem) return
  const message = `must suit its policies: a target of ${longestTargetSeconds / 60} minutes ${problem}`
  throw unprocessable([{ field, message }], 'invalid_calendar')
}
