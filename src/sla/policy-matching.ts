/** SQL conditions of policy `p` on email `e`, by the property that states them. Null is any. */
export const CONDITIONS = {
  priorities: `e.priority = any(p.priorities)`,
  customerTiers: `e.customer_tier = any(p.customer_tiers)`,
  mailboxIds: `coalesce(e.provider_id = any(p.mailbox_ids), false)`,
  categories: `coalesce(lower(e.category) = any(p.categories), false)`,
  // Those of an email hold the domains above it too.
  senderDomains: `p.sender_domains && e.sender_domains`,
} as const

const COLUMNS: Record<Condition, string> = {
  priorities: 'priorities',
  customerTiers: 'customer_tiers',
  mailboxIds: 'mailbox_ids',
  categories: 'categories',
  senderDomains: 'sender_domains',
}

/** SQL: what each condition looks at. */
const ACTUAL: Record<Condition, string> = {
  priorities: 'e.priority',
  customerTiers: 'e.customer_tier',
  mailboxIds: 'e.provider_id',
  categories: 'e.category',
  senderDomains: `coalesce(e.sender_domains[1], lower(substring(e.from_address from '[^@]*$')))`,
}

export type Condition = keyof typeof CONDITIONS
const NAMES = Object.keys(CONDITIONS) as Condition[]

const allHold = NAMES.map((name) => `(p.${COLUMNS[name]} is null or ${CONDITIONS[name]})`).join(' and ')

/** SQL: a row for each condition that policy `p` states, with what it comes to for email `e`; `place` is their order. */
export const VERDICTS = `
  select * from (values ${NAMES.map(
    (name, place) => `(${place}, '${name}', to_json(p.${COLUMNS[name]}), to_json(${ACTUAL[name]}),
      ${CONDITIONS[name]})`,
  ).join(', ')}) as verdict(place, condition, expected, actual, holds) where expected is not null`

/** SQL: the conditions of a version's definition, as a row whose columns are those of sla_settings. */
export const conditionsIn = (definition: string) => `
  select ${NAMES.map((name) => `d."${name}" as ${COLUMNS[name]}`).join(', ')}
  from json_to_record(${definition}) as d(priorities text[], "customerTiers" text[], "mailboxIds" bigint[],
    categories text[], "senderDomains" text[])`

/**
 * SQL: what email `e` is measured by, one row: the first active policy that takes it, with the versions that are in force.
 * No row where the tenant has no policies yet; a tenant that has any has a default, which takes everything.
 *
 * @param policies a table, or a CTE with the columns of sla_settings and of its present version's id
 */
export const policyOf = (policies: string) => `
  select p.version_id as "policyVersionId", p.calendar_version_id as "calendarVersionId",
         p.warning_percent as "warningPercent", p.first_reply_seconds, p.next_reply_seconds, p.resolution_seconds
  from ${policies} p where p.user_id = e.user_id and p.is_active and ${allHold}
  order by p.position limit 1`

/** SQL: the policies as they stand, each with the ids of its present version and its calendar's. */
export const PRESENT_POLICIES = `(
  select s.*, v.id as version_id, cv.id as calendar_version_id
  from sla_settings s
  join sla_setting_versions v on v.setting_id = s.id and v.version = s.version
  left join sla_calendars cal on cal.id = s.calendar_id
  left join sla_calendar_versions cv on cv.calendar_id = cal.id and cv.version = cal.version)`

/** SQL: the target of a metric in a row of `policyOf`. */
export const targetOf = (policy: string, metric: string) => `case ${metric}
  when 'first_reply' then ${policy}.first_reply_seconds when 'next_reply' then ${policy}.next_reply_seconds
  else ${policy}.resolution_seconds end`
