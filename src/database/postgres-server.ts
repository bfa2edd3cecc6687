import { resolve } from 'node:path'
import { Logger } from '@nestjs/common'
import type { Config } from '../config/config.js'
import { startEmbeddedPostgres } from './embedded-postgres.js'

/** The PostgreSQL that this process uses: the one DATABASE_URL names, or an embedded one of our own. */
export abstract class PostgresServer {
  abstract readonly url: string
  abstract stop(): Promise<void>

  static async start(config: Config): Promise<PostgresServer> {
    if (config.DATABASE_URL) return { url: config.DATABASE_URL, stop: async () => {} }
    const logger = new Logger('EmbeddedPostgres')
    return startEmbeddedPostgres({
      dataDir: resolve(config.DATA_DIR, 'postgres'),
      log: (line) => logger.debug(line),
      onLost: endProcess,
    })
  }
}

/** Nobody catches it, which ends the process in good order: without its database it would say that it lives for ever. */
function endProcess(error: Error): never {
  throw new Error(`The embedded PostgreSQL has ended and does not start again: ${error.message}`, {
    cause: error,
  })
}
