import 'reflect-metadata'
import { Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { dataSourceOptions } from '../ormconfig.js'
import { Cipher } from './config/cipher.js'
import { ConfigModule } from './config/config.module.js'
import { DatabaseModule } from './database/database.module.js'
import { KeyCanary } from './database/key-canary.js'
import { conclusion, Resealing } from './database/resealing.js'
import { UnitOfWork } from './database/unit-of-work.js'
import { SEALED_ANSWERS } from './http/idempotency-answers.js'
import { SEALED_IN_WEBHOOKS } from './webhooks/webhook-secrets.js'

/** `npm run keys:rotate`: seals every secret anew with the first of ENCRYPTION_KEYS. Stopped midway, it goes on when run again. */
const SEALED = [SEALED_IN_WEBHOOKS, ...SEALED_ANSWERS]

// Not a decorator: a class declared here is not there yet when the line below runs.
class RotationModule {}
Module({ imports: [ConfigModule, DatabaseModule.forRoot(dataSourceOptions)] })(RotationModule)

try {
  process.exitCode = await rotate()
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}

/** @returns the exit code: 1 where secrets are left that no key opens */
async function rotate(): Promise<number> {
  const app = await NestFactory.createApplicationContext(RotationModule, {
    logger: ['error'],
    abortOnError: false,
  })
  try {
    const cipher = app.get(Cipher)
    const resealing = new Resealing(app.get(UnitOfWork), cipher, (line) => console.log(line))
    const resealed = await resealing.run(SEALED)
    await app.get(KeyCanary).reseal()
    console.log(conclusion(cipher, resealed))
    return resealed.unreadable > 0 ? 1 : 0
  } finally {
    await app.close()
  }
}
