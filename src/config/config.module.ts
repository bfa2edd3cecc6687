import { Global, Module } from '@nestjs/common'
import { ConfigModule as NestConfigModule, ConfigService } from '@nestjs/config'
import { Cipher } from './cipher.js'
import { Config } from './config.js'
import { configSchema, parseConfig, type ConfigValues } from './config.schema.js'
import { misspeltSettings } from './misspelt-settings.js'
import { resolveSecrets } from './secrets.js'

/** Environment and `.env`, validated once at boot; everyone injects `Config`. */
@Global()
@Module({
  imports: [NestConfigModule.forRoot({ validate: parseOrEnd })],
  providers: [{ provide: Config, inject: [ConfigService], useFactory: configFrom }, Cipher],
  exports: [Config, Cipher],
})
export class ConfigModule {}

/** For every program that reads the settings: a stack would hide the lines that say what to change. */
export function parseOrEnd(environment: Record<string, unknown>): ConfigValues {
  try {
    return parseConfig(environment)
  } catch (error) {
    // What is missing may stand there under another name.
    for (const line of [(error as Error).message, ...misspeltSettings(process.env)]) console.error(line)
    process.exit(1)
  }
}

function configFrom(service: ConfigService<ConfigValues, true>): Config {
  const keys = Object.keys(configSchema.shape) as (keyof ConfigValues)[]
  const values = Object.fromEntries(keys.map((key) => [key, service.get(key)])) as ConfigValues
  return { ...values, ...resolveSecrets(values, values.DATA_DIR) }
}
