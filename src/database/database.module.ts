import {
  Global,
  Inject,
  Logger,
  Module,
  type DynamicModule,
  type OnApplicationShutdown,
} from '@nestjs/common'
import { ScheduleModule } from '@nestjs/schedule'
import { DataSource, type DataSourceOptions } from 'typeorm'
import { Config } from '../config/config.js'
import { Clock } from './clock.js'
import { DatabaseOutage } from './database-outage.js'
import { DueWorkRunner } from './due-work.js'
import { KeyCanary } from './key-canary.js'
import { migrate } from './migrate.js'
import { PostgresServer } from './postgres-server.js'
import { startLine } from './start-line.js'
import { UnitOfWork } from './unit-of-work.js'
import { WakeUps } from './wake-ups.js'

type OptionsFor = (url: string, poolSize: number, isPooled: boolean) => DataSourceOptions

/** PostgreSQL, started if need be and migrated, and what everyone does with it: units of work and due work. */
@Global()
@Module({})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(
    @Inject(DataSource) private readonly source: DataSource,
    @Inject(PostgresServer) private readonly server: PostgresServer,
  ) {}

  static forRoot(optionsFor: OptionsFor): DynamicModule {
    return {
      module: DatabaseModule,
      imports: [ScheduleModule.forRoot()],
      providers: [
        { provide: PostgresServer, inject: [Config], useFactory: PostgresServer.start },
        {
          provide: DataSource,
          inject: [PostgresServer, Config],
          useFactory: (server: PostgresServer, config: Config) =>
            connect(
              server,
              optionsFor(server.url, config.DATABASE_POOL_SIZE, server.isPooled),
              config.PROCESS_ROLES,
            ),
        },
        Clock,
        DatabaseOutage,
        WakeUps,
        UnitOfWork,
        DueWorkRunner,
        KeyCanary,
      ],
      exports: [DataSource, Clock, DatabaseOutage, WakeUps, UnitOfWork, DueWorkRunner, KeyCanary],
    }
  }

  /** After the last request and the last piece of work: Nest calls the other modules' hooks before the shutdown's. */
  async onApplicationShutdown(): Promise<void> {
    await this.source.destroy()
    await this.server.stop()
  }
}

async function connect(
  server: PostgresServer,
  options: DataSourceOptions,
  roles: string[],
): Promise<DataSource> {
  const source = new DataSource(options)
  try {
    await source.initialize()
    const logger = new Logger('Start')
    logger.log('Migrating …')
    const ranNow = await migrate(source)
    logger.log(await startLine(source, server, roles, ranNow))
    return source
  } catch (error) {
    await (source.isInitialized ? source.destroy() : undefined)
    await server.stop()
    throw new Error(`Cannot use the database at ${server.place}: ${(error as Error).message}`, {
      cause: error,
    })
  }
}
