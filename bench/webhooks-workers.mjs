import { withPostgres } from './support/postgres.mjs'
import { workers } from './webhooks/workers.mjs'

export const bench = () => withPostgres(workers)
