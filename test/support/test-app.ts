import 'reflect-metadata'
import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import { Test } from '@nestjs/testing'
import { pino, type Logger } from 'pino'
import { AppModule } from '../../src/app.module.js'
import { createAdapter, setUp } from '../../src/app.setup.js'
import { Config } from '../../src/config/config.js'
import { parseConfig } from '../../src/config/config.schema.js'
import { Clock } from '../../src/database/clock.js'
import { PinoLogger } from '../../src/http/logger.js'
import { DueWorkRunner } from '../../src/database/due-work.js'
import { UnitOfWork } from '../../src/database/unit-of-work.js'
import { Jitter } from '../../src/webhooks/retry-schedule.js'
import { ApiClient } from './api-client.js'
import { eventually } from './eventually.js'
import { createDatabase } from './postgres.js'
import { TestClock } from './test-clock.js'

const SECRETS = { JWT_SECRET: 'test '.repeat(8), ENCRYPTION_KEY: 'tests '.repeat(8) }

export interface TestApp {
  app: NestFastifyApplication
  baseUrl: string
  databaseUrl: string
  clock: TestClock
  /** Rows, to look behind the API. */
  query: UnitOfWork['query']
  /** Moves time and lets the workers see it, once nothing is under way: a leap past a lease would end it. */
  advance(ms: number): Promise<void>
  /** A client signed in as the admin of a new tenant. */
  tenant(name?: string): Promise<ApiClient>
  stop(): Promise<void>
}

let tenants = 0

/** The real application on a real port and a database of its own; only time is under the test's control. */
export async function startTestApp(
  environment: Record<string, string> = {},
  adjust: (builder: ReturnType<typeof Test.createTestingModule>) => void = () => {},
  log?: Logger,
): Promise<TestApp> {
  const database = await createDatabase()
  const clock = new TestClock('2026-03-02T09:00:00.000Z')
  const config = parseConfig({
    NODE_ENV: 'test',
    DATABASE_URL: database.url,
    DATABASE_POOL_SIZE: '10',
    WEBHOOK_ALLOW_PRIVATE_CIDRS: '127.0.0.0/8',
    ...SECRETS,
    ...environment,
  })
  const builder = Test.createTestingModule({ imports: [AppModule] })
  builder.overrideProvider(Config).useValue(config).overrideProvider(Clock).useValue(clock)
  builder.overrideProvider(Jitter).useValue({ next: () => 0 } satisfies Jitter) // what is due, is due to the millisecond
  adjust(builder)
  const module = await builder.compile()
  const logger = log ?? pino({ level: process.env.TEST_LOG_LEVEL ?? 'silent' })
  const app = module.createNestApplication<NestFastifyApplication>(createAdapter(logger), {
    bodyParser: false,
    logger: log ? new PinoLogger(log) : process.env.TEST_LOG_LEVEL ? undefined : false,
  })
  await setUp(app)
  await app.listen(0, '127.0.0.1')
  const baseUrl = await app.getUrl()
  const work = app.get(UnitOfWork)
  return {
    app,
    baseUrl,
    databaseUrl: database.url,
    clock,
    query: (sql, parameters) => work.query(sql, parameters),
    advance: async (ms) => {
      await eventually(async () => {
        const leased = `select 1 from webhook_queue where lease_token is not null
          union all select 1 from email_replies where lease_token is not null`
        if ((await work.query(leased)).length > 0) throw new Error('Work is still under way')
      })
      clock.advance(ms)
      app.get(DueWorkRunner).wakeAll()
    },
    tenant: (name = 'ada') => ApiClient.register(baseUrl, `${name}-${++tenants}@example.com`),
    stop: async () => {
      await app.close()
      await database.drop()
    },
  }
}
