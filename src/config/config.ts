import type { ConfigValues } from './config.schema.js'
import type { Secrets } from './secrets.js'

/** The validated settings as every module injects them, with the secrets resolved. */
export abstract class Config {}
// eslint-disable-next-line typescript/no-unsafe-declaration-merging
export interface Config extends Omit<ConfigValues, keyof Secrets>, Secrets {}
