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
    })
  }
}
