import { loginFlood } from './auth/flood.mjs'
import { withPostgres } from './support/postgres.mjs'

export const bench = () => withPostgres(loginFlood)
