import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { z } from 'zod'

const list = (value: string) =>
  value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')

const cidr = z.string().refine((text) => ipaddr.isValidCIDR(text), 'must be a CIDR such as 10.0.0.0/8')
const network = z
  .string()
  .transform((text) => (isIP(text) ? `${text}/${isIP(text) === 6 ? 128 : 32}` : text))
  .refine((text) => ipaddr.isValidCIDR(text), 'must be a number of proxies, or networks such as 10.0.0.0/8')
const origin = z
  .string()
  .refine((text) => /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text, {
    error: 'must be origins such as https://dash.example.com, without a path',
  })
const key = z.string().min(32, 'must have at least 32 characters')
const most = z.coerce.number<string>().int().min(1).max(1_000_000)
const postgresUrl = z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// address' })
const port = z.coerce.number<string>().int().min(0).max(65535)

/** Every setting, in one place. `.env.example` is tested against these keys. */
export const configSchema = z
  .object({
    NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
    HOST: z.string().min(1).default('127.0.0.1'),
    PORT: port.default(3000),
    PUBLIC_URL: z.url({ protocol: /^https?$/, error: 'must be an http or https address' }).optional(),
    CORS_ORIGINS: z.string().default('').transform(list).pipe(z.array(origin)),
    TRUST_PROXY: z
      .string()
      .default('')
      .transform((text) => (/^\d{1,3}$/.test(text) ? Number(text) : text === 'none' ? [] : list(text)))
      .pipe(z.union([z.number().max(10, 'must be at most 10 proxies'), z.array(network)])),
    REGISTRATION: z.enum(['open', 'first', 'closed']).optional(),
    SIGN_IN_FAILURES_PER_ADDRESS: most.default(10),
    SIGN_IN_FAILURES_PER_CLIENT: most.default(100),
    REGISTRATIONS_PER_CLIENT: most.default(20),
    REFRESHES_PER_SESSION: most.default(60),
    PROCESS_ROLES: z
      .string()
      .default('api,worker')
      .transform(list)
      .pipe(z.array(z.enum(['api', 'worker'])).min(1)),
    DATA_DIR: z.string().min(1).default('.data'),
    DATABASE_URL: z.literal('embedded').or(postgresUrl).optional(),
    DATABASE_DIRECT_URL: postgresUrl.optional(),
    DATABASE_WAIT_SECONDS: z.coerce.number().int().min(0).max(3600).default(30),
    DATABASE_POOL_SIZE: z.coerce.number().int().min(2).max(500).default(20),
    JWT_SECRET: key.optional(),
    ENCRYPTION_KEY: key.optional(),
    ENCRYPTION_KEYS: z.string().default('').transform(list).pipe(z.array(key)),
    SMTP_URL: z.url({ protocol: /^smtps?$/, error: 'must be an smtp:// or smtps:// address' }).optional(),
    MAIL_FROM: z.email().default('support@punctual.example'),
    WEBHOOK_ALLOW_PRIVATE_CIDRS: z.string().default('').transform(list).pipe(z.array(cidr)),
    WEBHOOK_ALLOW_PORTS: z
      .string()
      .default('')
      .transform(list)
      .pipe(z.array(port.min(1))),
    WEBHOOK_CONCURRENCY: z.coerce.number().int().min(1).max(10_000).default(4000),
    WEBHOOK_CONCURRENCY_EACH: z.coerce.number().int().min(1).max(500).default(100),
    WEBHOOK_LOG_DAYS: z.coerce.number().int().min(1).max(3650).default(30),
    WEBHOOK_TIMEOUT_MS: z.coerce.number().int().min(100).max(20_000).default(15_000),
    SEARCH_TIMEOUT_MS: z.coerce.number().int().min(1).max(60_000).default(3_000),
    MAX_CONNECTIONS: z.coerce.number().int().min(1).max(1_000_000).default(10_000),
    BODIES_MB: z.coerce.number().int().min(32).max(65_536).default(256),
    LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
    SHUTDOWN_DELAY_MS: z.coerce.number().int().min(0).max(5_000).default(0),
  })
  .superRefine((config, context) => {
    if (config.NODE_ENV !== 'production') return
    const encryptionKey = config.ENCRYPTION_KEY ?? config.ENCRYPTION_KEYS[0]
    for (const [name, value] of Object.entries({
      JWT_SECRET: config.JWT_SECRET,
      ENCRYPTION_KEY: encryptionKey,
    }))
      if (!value) context.addIssue({ code: 'custom', path: [name], message: 'is required in production' })
    if (!config.DATABASE_URL)
      context.addIssue({
        code: 'custom',
        path: ['DATABASE_URL'],
        message: 'is required in production; "embedded" for a server of our own under DATA_DIR',
      })
  })

export type ConfigValues = z.infer<typeof configSchema>

/**
 * Reads the settings from an environment; an empty value counts as absent.
 * @throws Error that names every wrong key, one a line
 */
export function parseConfig(environment: Record<string, unknown>): ConfigValues {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
  const parsed = configSchema.safeParse(given)
  if (parsed.success) return parsed.data
  throw new Error(parsed.error.issues.map(lineOf).join('\n'))
}

/** A union of settings names only that none fits; its last part is the general one, and says why. */
function lineOf(issue: z.core.$ZodIssue): string {
  const inner = issue.code === 'invalid_union' ? issue.errors.at(-1)?.[0] : undefined
  return `${String(issue.path[0])}: ${inner?.message ?? issue.message}`
}
