import type { ConfigValues } from './config.schema.js'
import type { Secrets } from './secrets.js'

type Settings = Omit<ConfigValues, keyof Secrets> & Secrets

/** The validated settings, with the secrets resolved. A class only so that Nest can inject them by type. */
export class Config extends (Object as unknown as new () => Settings) {}
