import { withPostgres } from './support/postgres.mjs'
import { drain } from './webhooks/drain.mjs'

export const bench = () => withPostgres(drain)
