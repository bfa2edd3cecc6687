import { withPostgres } from './support/postgres.mjs'
import { enqueue } from './webhooks/enqueue.mjs'

export const bench = () => withPostgres(enqueue)
