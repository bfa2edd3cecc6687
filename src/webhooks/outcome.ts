import { arrayOf, BARE_TYPES, type Bare } from '../database/sql-array.js'
import type { AttemptError } from './attempt-error.js'
import { isSuccess, type Attempt } from './attempt.js'
import type { Leased } from './lease.js'

/** A delivery that was attempted. */
export interface Tried {
  delivery: Leased
  attempt: Attempt
  startedAt: Date
  /** Where it went; null where it did not get so far. */
  url: string | null
  retryCount: number
}

/** Those of webhooks with plain successes only, and the others: what is recorded of a webhook follows from all it had. */
export function apart(batch: Tried[]): [plain: Tried[], others: Tried[]] {
  const eventful = new Set(batch.filter((one) => !isPlain(one)).map(({ delivery }) => delivery.webhookId))
  if (eventful.size === 0) return [batch, []]
  const isEventful = ({ delivery }: Tried) => eventful.has(delivery.webhookId)
  return [batch.filter((one) => !isEventful(one)), batch.filter(isEventful)]
}

const isPlain = ({ delivery, attempt }: Tried) =>
  isSuccess(attempt) && attempt.error === null && !delivery.isOrdered

export const webhooksOf = (batch: Tried[]) => [...new Set(batch.map(({ delivery }) => delivery.webhookId))]

/** What is recorded of an attempt that is no plain success, with PostgreSQL's types. */
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
  hold_ms: 'bigint',
  asked_by: 'text',
}

type OutcomeColumn = keyof typeof OUTCOME_COLUMNS

/** How an attempt at a delivery went and what follows, named as its columns. */
export interface Outcome extends Record<OutcomeColumn, unknown> {
  id: number
  webhook_id: number
  lease_token: string
  is_success: boolean
  error: AttemptError | null
  /** Null where there is no other attempt. */
  retry_ms: number | null
  /** For how long the receiver wants nothing; null where it did not say. */
  hold_ms: number | null
  /** The URL of whoever said so: by now the webhook may be another's. */
  asked_by: string | null
  isOrdered: boolean
}

/** Parameters of a statement, an array a column: parsing them takes PostgreSQL half as long as JSON. */
export const columnsOf = (outcomes: Outcome[]): unknown[] =>
  (Object.keys(OUTCOME_COLUMNS) as OutcomeColumn[]).map((column) => {
    const values = outcomes.map((one) => one[column])
    return BARE_TYPES.includes(OUTCOME_COLUMNS[column]) ? arrayOf(values as Bare[]) : values
  })
