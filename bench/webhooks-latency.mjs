import { withPostgres } from './support/postgres.mjs'
import { latency } from './webhooks/latency.mjs'

export const bench = () => withPostgres(latency)
