import { withPostgres } from './support/postgres.mjs'
import { isolation } from './webhooks/isolation.mjs'

export const bench = () => withPostgres(isolation)
