import type { Transaction } from '../database/transaction.js'
import type { DomainEvent } from './catalogue.js'

/**
 * Writes all events of a transaction, as its last step but for what follows from them: from here on it holds the number
 * of each of its emails, and whoever else has news of one of them waits until it has committed. Hence numbers in the
 * order of the commits, without a gap, and nobody who holds one waits for anything more.
 */
export function storeEvents(tx: Transaction, events: DomainEvent[]): void {
  const numbered = events.some(isNumbered)
  const rows = events.map((event) => ({
    id: event.id,
    tenantId: event.tenantId,
    name: event.name,
    occurredAt: event.occurredAt,
    emailId: emailIdOf(event),
    isNumbered: isNumbered(event),
  }))
  tx.write(numbered ? STORE_NUMBERED : STORE, [
    JSON.stringify(rows),
    events.map(({ data }) => JSON.stringify(data)).join('\n'),
  ])
}

export const emailIdOf = ({ data }: DomainEvent): number | null =>
  'email' in data ? (data.email?.id ?? null) : null

/** An email's first event is its first by its nature. */
const FIRST = 'email.received'
const isNumbered = (event: DomainEvent) => event.name !== FIRST && emailIdOf(event) !== null

/** Their data, most of it all, come as a line each: within one array of all, PostgreSQL would parse them twice. */
const DRAFTS = `
  rows from (
    json_to_recordset($1) as (id uuid, "tenantId" uuid, name text, "emailId" bigint, "occurredAt" timestamptz,
      "isNumbered" boolean),
    string_to_table($2, E'\\n')
  ) with ordinality as e(id, "tenantId", name, "emailId", "occurredAt", "isNumbered", data, place)`

const STORE = `
  insert into events (id, user_id, name, email_id, data, occurred_at, sequence)
  select id, "tenantId", name, "emailId", data::json, "occurredAt", case when name = '${FIRST}' then 1 end
  from ${DRAFTS} order by place`

const STORE_NUMBERED = `
  with drafts as materialized (select * from ${DRAFTS}),
  counts as (select "emailId", count(*)::integer as n from drafts where "isNumbered" group by 1),
  given as (
    insert into email_sequences as s (email_id, last)
    select "emailId", 1 + n from counts order by "emailId"
    on conflict (email_id) do update set last = s.last + excluded.last - 1
    returning email_id, last)
  insert into events (id, user_id, name, email_id, data, occurred_at, sequence)
  select d.id, d."tenantId", d.name, d."emailId", d.data::json, d."occurredAt",
         case when d."isNumbered" then
           g.last - c.n + row_number() over (partition by d."emailId", d."isNumbered" order by d.place)
         when d.name = '${FIRST}' then 1 end
  from drafts d left join counts c using ("emailId") left join given g on g.email_id = d."emailId"
  order by d.place`
