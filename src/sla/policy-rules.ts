import { lowerCase } from '../database/lower-case.js'
import type { Transaction } from '../database/transaction.js'
import { tierMatch } from '../emails/tier-matches.js'
import { unprocessable, type FieldError } from '../http/problem.js'
import type { CalendarDefinition } from '../calendars/calendar-definition.js'
import type { CompiledCalendars } from '../calendars/compiled-calendars.js'
import { targetProblem } from '../calendars/opening-budget.js'
import type { SlaSetting } from './sla-setting.entity.js'
import type { ChangeSettingDto } from './sla-settings.dto.js'

const MOST_MINUTES = 10 * 366 * 24 * 60
/** No mail comes from deeper, and each label is another look-up in every policy. */
const MOST_LABELS = 10
const TARGETS = {
  firstReplyMinutes: 'firstReplySeconds',
  nextReplyMinutes: 'nextReplySeconds',
  resolutionMinutes: 'resolutionSeconds',
} as const
const CONDITIONS = ['priorities', 'customerTiers', 'mailboxIds', 'categories', 'senderDomains'] as const

/** A change that is carried out holds what it relies on; one that is only tried out must not. */
export type Hold = 'for key share of c' | ''

/**
 * The columns that an input sets.
 * @throws Problem 422 naming each field whose value cannot be
 */
export function inputOf(input: ChangeSettingDto): Partial<SlaSetting> {
  const errors = [...valueErrors(input)]
  if (errors.length > 0) throw unprocessable(errors)
  const {
    position: _place,
    name: _name,
    firstReplyMinutes: _f,
    nextReplyMinutes: _n,
    resolutionMinutes: _r,
    ...rest
  } = input
  const columns: Partial<SlaSetting> = { ...rest }
  for (const [from, to] of Object.entries(TARGETS)) {
    const minutes = input[from as keyof typeof TARGETS]
    if (minutes !== undefined) columns[to] = minutes === null ? null : Math.round(minutes * 60)
  }
  if (input.categories)
    columns.categories = [...new Set(input.categories.map((name) => lowerCase(name.trim())))]
  if (input.senderDomains)
    columns.senderDomains = [...new Set(input.senderDomains.map((name) => domainOf(name)!))]
  return defined(columns)
}

/**
 * What the tenant's other rows decide.
 * @param hold how the calendar is kept from being removed meanwhile
 * @throws Problem 422 for a calendar or mailbox that is not there, a target that it cannot count, and a narrowed default
 */
export async function refuseUnusable(
  tx: Transaction,
  policy: SlaSetting,
  calendars: CompiledCalendars,
  input: ChangeSettingDto,
  hold: Hold,
): Promise<void> {
  const errors = [...(policy.isDefault ? defaultErrors(policy, input) : [])]
  const mailboxIds = policy.mailboxIds ?? []
  const [found] = await tx.query<{ mailboxes: number; calendarVersionId: number | null }>(
    `select (select count(*)::int from email_providers where user_id = $1 and id = any($2)) as mailboxes,
       (select v.id from sla_calendars c join sla_calendar_versions v on v.calendar_id = c.id and v.version = c.version
        where c.user_id = $1 and c.id = $3 and c.deleted_at is null ${hold}) as "calendarVersionId"`,
    [policy.userId, mailboxIds, policy.calendarId],
  )
  if (found!.mailboxes < mailboxIds.length)
    errors.push({ field: 'mailboxIds', message: 'must be mailboxes of yours' })
  if (policy.calendarId !== null && policy.calendarId !== undefined && found!.calendarVersionId === null)
    errors.push({ field: 'calendarId', message: 'must be a calendar of yours' })
  else {
    const calendarOf = await calendars.load(tx, [found!])
    errors.push(...targetErrors(policy, calendarOf(found!).definition))
  }
  if (errors.length > 0) throw unprocessable(errors)
}

/** What is undefined is not set: it stays as it is. */
export const defined = <T extends object>(changes: T): Partial<T> =>
  Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)) as Partial<T>

function* valueErrors(input: ChangeSettingDto): Generator<FieldError> {
  for (const field of CONDITIONS)
    if (input[field]?.length === 0)
      yield { field, message: 'must not be empty: nothing would match; null is any' }
  for (const field of Object.keys(TARGETS) as (keyof typeof TARGETS)[]) {
    const minutes = input[field]
    if (minutes === null || minutes === undefined) continue
    if (Math.round(minutes * 60) < 1) yield { field, message: 'must be above 0, at least a second' }
    else if (minutes > MOST_MINUTES) yield { field, message: 'must be at most ten years' }
  }
  const { warningPercent, senderDomains = [], categories = [] } = input
  if (
    warningPercent !== undefined &&
    !(Number.isInteger(warningPercent) && warningPercent >= 1 && warningPercent <= 99)
  )
    yield { field: 'warningPercent', message: 'must be a whole number from 1 to 99' }
  for (const [index, name] of (senderDomains ?? []).entries())
    if (!domainOf(name))
      yield {
        field: `senderDomains.${index}`,
        message: `must be a domain such as example.com, of at most ${MOST_LABELS} labels`,
      }
  for (const [index, name] of (categories ?? []).entries())
    if (name.trim() === '') yield { field: `categories.${index}`, message: 'must not be empty' }
}

function* defaultErrors(policy: SlaSetting, input: ChangeSettingDto): Generator<FieldError> {
  for (const field of CONDITIONS)
    if (policy[field]) yield { field, message: 'must be null: the default takes all mail' }
  if (!policy.isActive) yield { field: 'isActive', message: 'must be true: the default takes all mail' }
  if (input.position !== undefined)
    yield { field: 'position', message: 'is not for the default, which is always last' }
}

function* targetErrors(policy: SlaSetting, calendar: CalendarDefinition): Generator<FieldError> {
  for (const [field, column] of Object.entries(TARGETS)) {
    const message = targetProblem(calendar, (policy[column] ?? 0) * 1_000)
    if (message) yield { field, message }
  }
}

/** As mail addresses write it; null for what is no domain, or too deep a one. */
function domainOf(text: string): string | null {
  const match = tierMatch(text)
  return !match || match.includes('@') || match.split('.').length > MOST_LABELS ? null : match
}
