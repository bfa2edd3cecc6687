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
const ROLES = 'must be api, worker or both, comma separated'
const key = z.string().min(32, 'must have at least 32 characters')
const whole = (least: number, most: number) =>
  z.coerce
    .number<string>(`must be a whole number from ${least} to ${most}`)
    .refine((value) => Number.isInteger(value) && value >= least && value <= most, {
      error: `must be a whole number from ${least} to ${most}`,
    })
const oneOf = <const Values extends readonly string[]>(...values: Values) =>
  z.enum(values, `must be one of ${values.join(', ')}`)
const most = whole(1, 1_000_000)
const postgresUrl = z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// address' })

/** Every setting, in one place. `.env.example` is tested against these keys. */
export const configSchema = z
  .object({
    NODE_ENV: oneOf('development', 'test', 'production').default('development'),
    HOST: z.string().min(1).default('127.0.0.1'),
    PORT: whole(0, 65_535).default(3000),
    PUBLIC_URL: z.url({ protocol: /^https?$/, error: 'must be an http or https address' }).optional(),
    CORS_ORIGINS: z.string().default('').transform(list).pipe(z.array(origin)),
    TRUST_PROXY: z
      .string()
      .default('')
      .transform((text) => (/^\d{1,3}$/.test(text) ? Number(text) : text === 'none' ? [] : list(text)))
      .pipe(z.union([z.number().max(10, 'must be at most 10 proxies'), z.array(network)])),
    REGISTRATION: oneOf('open', 'first', 'closed').optional(),
    SIGN_IN_FAILURES_PER_ADDRESS: most.default(10),
    SIGN_IN_FAILURES_PER_CLIENT: most.default(100),
    REGISTRATIONS_PER_CLIENT: most.default(20),
    REFRESHES_PER_SESSION: most.default(60),
    PROCESS_ROLES: z
      .string()
      .default('api,worker')
      .transform(list)
      .pipe(z.array(z.enum(['api', 'worker'], ROLES)).min(1, ROLES)),
    DATA_DIR: z.string().min(1).default('.data'),
    DATABASE_URL: z.literal('embedded').or(postgresUrl).optional(),
    DATABASE_DIRECT_URL: postgresUrl.optional(),
    DATABASE_WAIT_SECONDS: whole(0, 3600).default(30),
    DATABASE_POOL_SIZE: whole(2, 500).default(20),
    JWT_SECRET: key.optional(),
    ENCRYPTION_KEY: key.optional(),
    ENCRYPTION_KEYS: z.string().default('').transform(list).pipe(z.array(key)),
    SMTP_URL: z.url({ protocol: /^smtps?$/, error: 'must be an smtp:// or smtps:// address' }).optional(),
    MAIL_FROM: z.email('must be an address such as support@example.com').default('support@punctual.example'),
    WEBHOOK_ALLOW_PRIVATE_CIDRS: z.string().default('').transform(list).pipe(z.array(cidr)),
    WEBHOOK_ALLOW_PORTS: z
      .string()
      .default('')
      .transform(list)
      .pipe(z.array(whole(1, 65_535))),
    WEBHOOK_CONCURRENCY: whole(1, 10_000).default(4000),
    WEBHOOK_CONCURRENCY_EACH: whole(1, 500).default(100),
    WEBHOOK_LOG_DAYS: whole(1, 3650).default(30),
    WEBHOOK_TIMEOUT_MS: whole(100, 20_000).default(15_000),
    SEARCH_TIMEOUT_MS: whole(1, 60_000).default(3_000),
    MAX_CONNECTIONS: whole(1, 1_000_000).default(10_000),
    BODIES_MB: whole(32, 65_536).default(256),
    LOG_LEVEL: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent').default('info'),
    SHUTDOWN_DELAY_MS: whole(0, 5_000).default(0),
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
  throw new Error([...new Set(parsed.error.issues.map(lineOf))].join('\n'))
}

/** A union of settings names only that none fits; its last part is the general one, and says why. */
function lineOf(issue: z.core.$ZodIssue): string {
  const inner = issue.code === 'invalid_union' ? issue.errors.at(-1)?.[0] : undefined
  return `${String(issue.path[0])}: ${inner?.message ?? issue.message}`
}
