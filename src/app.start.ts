import 'reflect-metadata'
import { NestFactory } from '@nestjs/core'
import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import { watchLifetime } from './app.lifetime.js'
import { AppModule } from './app.module.js'
import { createAdapter, setUp } from './app.setup.js'
import { Config } from './config/config.js'
import { misspeltSettings } from './config/misspelt-settings.js'
import { createPino, PinoLogger } from './http/logger.js'

/** Readiness says no first, then requests and work under way end; Nest's hooks do it in this order. */
const STOP_WITHIN_MS = 29_000

const logger = createPino(process.env.LOG_LEVEL || 'info')
for (const line of misspeltSettings(process.env)) logger.warn(line)

// Heard from the first moment: a stop during the start waits for it, so that no database is left running.
const started = start()
watchLifetime(logger, (why, exitCode) => {
  logger.info(why)
  process.exitCode = exitCode
  setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref()
  void started.then((app) => app.close()).finally(() => process.exit(exitCode))
})

await started.catch((error: Error) => {
  for (const line of error.message.split('\n')) logger.fatal(line)
  process.exit(process.exitCode ?? 1)
})

async function start(): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(AppModule, createAdapter(logger), {
    logger: new PinoLogger(logger),
    abortOnError: false,
    bodyParser: false,
  })
  try {
    await setUp(app)
    await listen(app)
    return app
  } catch (error) {
    await app.close() // an embedded PostgreSQL must not outlive a failed start
    throw error
  }
}

async function listen(app: NestFastifyApplication): Promise<void> {
  const { HOST, PORT } = app.get(Config)
  try {
    await app.listen(PORT, HOST)
  } catch (error) {
    throw new Error(whyNotListening(error as NodeJS.ErrnoException, HOST, PORT), { cause: error })
  }
  greet(await app.getUrl())
}

function whyNotListening({ code = '', message }: NodeJS.ErrnoException, host: string, port: number): string {
  const sentences: Record<string, string> = {
    EADDRINUSE: `PORT: ${port} on ${host} is taken by another program: set PORT to a free one`,
    EACCES: `PORT: ${port} needs rights that this process lacks: set PORT to one above 1023`,
    EADDRNOTAVAIL: `HOST: ${host} is not an address of this machine`,
    ENOTFOUND: `HOST: ${host} is not a name that this machine knows`,
  }
  return sentences[code] ?? message
}

function greet(url: string): void {
  const register = `curl -X POST ${url}/api/auth/register -H 'content-type: application/json' \\
    -d '{"email":"you@example.com","password":"a long password","name":"You"}'`
  if (process.stdout.isTTY || process.env.NODE_ENV !== 'production')
    console.log(
      `\nPunctual listens on ${url}\n  Swagger UI: ${url}/docs\n  First account:\n    ${register}\n`,
    )
}
