import { resolve } from 'node:path'
import { Logger } from '@nestjs/common'
import type { Config } from '../config/config.js'
import { startEmbeddedPostgres } from './embedded-postgres.js'
import { findPostgres, type FoundPostgres } from './postgres-probe.js'

/** The PostgreSQL that this process uses: the one DATABASE_URL names, or an embedded one of our own. */
export abstract class PostgresServer implements FoundPostgres {
  abstract readonly url: string
  abstract readonly place: string
  abstract readonly version: string
  abstract readonly isPooled: boolean
  /** Leads to sessions that stay ours, as LISTEN needs them. Undefined where there is only a pooler. */
  abstract readonly sessionUrl: string | undefined
  abstract stop(): Promise<void>

  /** @throws Error with a sentence for the operator */
  static start(config: Config): Promise<PostgresServer> {
    const { DATABASE_URL } = config
    return DATABASE_URL && DATABASE_URL !== 'embedded' ? given(DATABASE_URL, config) : embedded(config)
  }
}

async function given(url: string, { DATABASE_DIRECT_URL, ...config }: Config): Promise<PostgresServer> {
  const logger = new Logger('Start')
  const find = (name: string, address: string) =>
    findPostgres(name, address, config.DATABASE_WAIT_SECONDS * 1_000, (line) => logger.warn(line))
  const found = await find('DATABASE_URL', url)
  const direct = DATABASE_DIRECT_URL ? await find('DATABASE_DIRECT_URL', DATABASE_DIRECT_URL) : found
  if (DATABASE_DIRECT_URL && direct.isPooled)
    throw new Error('DATABASE_DIRECT_URL: leads to a pooler too; it must lead to PostgreSQL itself')
  const sessionUrl = direct.isPooled ? undefined : (DATABASE_DIRECT_URL ?? url)
  return { url, ...found, sessionUrl, stop: async () => {} }
}

async function embedded({ DATA_DIR }: Config): Promise<PostgresServer> {
  const logger = new Logger('EmbeddedPostgres')
  new Logger('Start').log(`Starting the embedded PostgreSQL in ${resolve(DATA_DIR)} …`)
  const { url, stop } = await startEmbeddedPostgres({
    dataDir: resolve(DATA_DIR, 'postgres'),
    log: (line) => logger.debug(line),
    tell: (line) => logger.warn(line),
    onLost: endProcess,
  })
  const found = await findPostgres('DATA_DIR', url, 0, () => {})
  return { url, ...found, place: `${found.place} (embedded, in ${DATA_DIR})`, sessionUrl: url, stop }
}

/** Nobody catches it, which ends the process in good order: without its database it would say that it lives for ever. */
function endProcess(error: Error): never {
  throw new Error(`The embedded PostgreSQL has ended and does not start again: ${error.message}`, {
    cause: error,
  })
}
