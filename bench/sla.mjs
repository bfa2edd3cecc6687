import { burst } from './sla/burst.mjs'
import { startPostgres } from './support/postgres.mjs'

export async function bench() {
  const server = await startPostgres()
  try {
    await burst(server)
  } finally {
    await server.stop()
  }
}
