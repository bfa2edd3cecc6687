import { arrayOf, BARE_TYPES, type Bare } from '../database/sql-array.js'
import type { AttemptError } from './attempt-error.js'

/** What is recorded of an attempt, with PostgreSQL's types. */
export const OUTCOME_COLUMNS = {
  id: 'bigint',
  webhook_id: 'bigint',
  lease_token: 'uuid',
  started_ms: 'float8',
  duration_ms: 'integer',
  status_code: 'integer',
  error: 'text',
  detail: 'text',
  response_body: 'text',
  is_success: 'boolean',
  retry_ms: 'bigint',
}

export type OutcomeColumn = keyof typeof OUTCOME_COLUMNS

/** How an attempt at a delivery went and what follows; what is recorded is named as its column. */
export interface Outcome extends Record<OutcomeColumn, unknown> {
  id: number
  webhook_id: number
  lease_token: string
  is_success: boolean
  error: AttemptError | null
  /** Null where there is no other attempt. */
  retry_ms: number | null
  isOrdered: boolean
}

/** Those of webhooks with plain successes only, and the others: what is recorded of a webhook follows from all it had. */
export function apart(outcomes: Outcome[]): [plain: Outcome[], others: Outcome[]] {
  const eventful = new Set(outcomes.filter((one) => !isPlain(one)).map((one) => one.webhook_id))
  if (eventful.size === 0) return [outcomes, []]
  const isEventful = (one: Outcome) => eventful.has(one.webhook_id)
  return [outcomes.filter((one) => !isEventful(one)), outcomes.filter(isEventful)]
}

const isPlain = ({ is_success, error, isOrdered }: Outcome) => is_success && error === null && !isOrdered

export const webhooksOf = (outcomes: Outcome[]) => [...new Set(outcomes.map((one) => one.webhook_id))]

/** Parameters of a statement, an array a column: parsing them takes PostgreSQL half as long as JSON. */
export const columnsOf = (
  outcomes: Outcome[],
  columns = Object.keys(OUTCOME_COLUMNS) as OutcomeColumn[],
): unknown[] =>
  columns.map((column) => {
    const values = outcomes.map((one) => one[column])
    return BARE_TYPES.includes(OUTCOME_COLUMNS[column]) ? arrayOf(values as Bare[]) : values
  })
