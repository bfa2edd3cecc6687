/**
 * Plans of named statements are kept, also those made while a table was nearly empty: reading all of it looked cheaper than
 * its index then. So are those by which PostgreSQL checks foreign keys, which no statement of ours can help.
 */
const PLANNER = { random_page_cost: '1.1', enable_seqscan: 'off' }
/** Milliseconds. */
const TIMEOUTS = { statement_timeout: 30_000, idle_in_transaction_session_timeout: 30_000 }

/** What pg sends when it connects: the settings cost no statement, and hold as long as the connection. */
export const CONNECTED_WITH = { options: startupOptions(PLANNER), ...TIMEOUTS }

/**
 * SQL: a transaction's beginning with the same settings, in one message. For a connection through a pooler, which shares it
 * with others between transactions and refuses settings as it connects.
 */
export const BEGIN_WITH_SETTINGS = [
  'START TRANSACTION',
  ...Object.entries({ ...PLANNER, ...TIMEOUTS }).map(([name, value]) => `SET LOCAL ${name} = ${value}`),
].join('; ')

export function startupOptions(settings: Record<string, string>): string {
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ')
}
