import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { DataSource } from 'typeorm'
import { dataSourceOptions } from '../ormconfig.js'
import { parseOrEnd } from '../src/config/config.module.js'
import { configSchema, parseConfig } from '../src/config/config.schema.js'
import { misspelt } from '../src/config/misspelt-settings.js'
import { resolveSecrets } from '../src/config/secrets.js'
import { findPostgres } from '../src/database/postgres-probe.js'
import { startLine } from '../src/database/start-line.js'
import { createPino, PinoLogger } from '../src/http/logger.js'
import { createDatabase, inDatabase, type TestDatabase } from './support/postgres.js'
import { TcpProxy } from './chaos/tcp-proxy.js'

const OURS = Object.keys(configSchema.shape)
const PRODUCTION = { NODE_ENV: 'production', JWT_SECRET: 'x'.repeat(32), ENCRYPTION_KEY: 'x'.repeat(32) }

describe('the database of production', () => {
  it('is never an embedded one by mistake', () => {
    expect(() => parseConfig(PRODUCTION)).toThrow(/^DATABASE_URL: is required in production/)
    expect(() => parseConfig({ ...PRODUCTION, DATABASE_URL: '' })).toThrow(/^DATABASE_URL/)
    expect(parseConfig({ ...PRODUCTION, DATABASE_URL: 'embedded' }).DATABASE_URL).toBe('embedded')
    expect(parseConfig({ DATABASE_URL: 'embedded' }).DATABASE_URL).toBe('embedded')
    expect(() => parseConfig({ DATABASE_URL: 'embeded' })).toThrow(/^DATABASE_URL: must be a postgres:\/\//)
  })
})

it('tells of every wrong setting in a line of its own that begins with its name', () => {
  const wrong = { PORT: 'http', PROCESS_ROLES: 'cook,waiter', DATABASE_URL: 'mysql://x', LOG_LEVEL: 'loud' }
  const lines = messageOf(() => parseConfig(wrong)).split('\n')
  expect(lines.map((line) => line.split(':')[0])).toEqual(
    expect.arrayContaining(['PORT', 'PROCESS_ROLES', 'DATABASE_URL', 'LOG_LEVEL']),
  )
  for (const line of lines) expect(line).toMatch(/^[A-Z_]+: \S/)
})

describe('a wrong value', () => {
  const wrong = (key: string) =>
    key === 'HOST' || key === 'DATA_DIR' ? [] : ['?', '-1', '1.5', '9'.repeat(9), ',', '?,?']
  const cases = OURS.flatMap((key) => wrong(key).map((value) => [key, value] as const))

  it.each(cases)('is told of in plain words, once: %s=%s', (key, value) => {
    const message = messageOf(() => parseConfig({ [key]: value }))
    if (message !== '') expect(message).toMatch(new RegExp(`^${key}: (must|is) .+$`))
    expect(message).not.toMatch(/invalid|expected|received/i)
  })

  it('is told of with what is right', () => {
    const given = {
      PORT: 'x',
      PROCESS_ROLES: 'x',
      REGISTRATION: 'x',
      MAIL_FROM: 'x',
      WEBHOOK_ALLOW_PORTS: '0',
    }
    expect(messageOf(() => parseConfig(given)).split('\n')).toEqual([
      'PORT: must be a whole number from 0 to 65535',
      'REGISTRATION: must be one of open, first, closed',
      'PROCESS_ROLES: must be api, worker or both, comma separated',
      'MAIL_FROM: must be an address such as support@example.com',
      'WEBHOOK_ALLOW_PORTS: must be a whole number from 1 to 65535',
    ])
  })
})

it('names the misspelt setting beside the one that is missing', () => {
  const told: unknown[] = []
  vi.spyOn(console, 'error').mockImplementation((line) => void told.push(line))
  const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never)
  vi.stubEnv('DATABSE_URL', 'postgres://x')
  parseOrEnd(PRODUCTION)
  expect(exit).toHaveBeenCalledExactlyOnceWith(1)
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  expect(told).toEqual([
    expect.stringMatching(/^DATABASE_URL: is required/),
    'DATABSE_URL is no setting and changes nothing: did you mean DATABASE_URL?',
  ])
})

it('says nothing of what app.start says: a port that is taken, and that all has started', () => {
  const lines: string[] = []
  const logger = new PinoLogger(createPino('info', { write: (line) => void lines.push(line) }))
  logger.error('Error: listen EADDRINUSE', 'NestApplication')
  logger.log('Nest application successfully started', 'NestApplication')
  expect(lines).toEqual([])
  logger.warn('Your HTTP Adapter does not', 'NestApplication')
  expect(lines).toHaveLength(1)
})

describe('a name that was probably meant for us', () => {
  it.each([
    ['DATABSE_URL', 'DATABASE_URL'],
    ['DATABASE_URI', 'DATABASE_URL'],
    ['database_url', 'DATABASE_URL'],
    ['WEBHOOK_TIMEOUT', 'WEBHOOK_TIMEOUT_MS'],
    ['JWT_SECRETS', 'JWT_SECRET'],
    ['MAIL_FROM_NAME', 'MAIL_FROM'],
    ['ENCYRPTION_KEY', 'ENCRYPTION_KEY'],
  ])('is named wherever it stands: %s', (name, meant) =>
    expect(misspelt([name], new Set(), OURS)).toEqual([{ name, meant }]),
  )

  it.each([
    'HOME',
    'HOSTNAME',
    'LOGNAME',
    'PATH',
    'SORT',
    'POSTGRES_URL',
    'DATABASE_SERVICE_HOST',
    'NODE_OPTIONS',
  ])("is not another program's: %s", (name) => expect(misspelt([name], new Set(), OURS)).toEqual([]))

  it('is named in .env already where it begins as ours do', () => {
    expect(misspelt(['SMTP_HOST', 'TZ'], new Set(['SMTP_HOST', 'TZ']), OURS)).toEqual([
      { name: 'SMTP_HOST', meant: 'SMTP_URL' },
    ])
    expect(misspelt(OURS, new Set(OURS), OURS)).toEqual([])
  })
})

it('names DATA_DIR where it cannot be written', () => {
  const folder = mkdtempSync(join(tmpdir(), 'punctual-boot-'))
  writeFileSync(join(folder, 'file'), '')
  expect(messageOf(() => resolveSecrets({}, join(folder, 'file/data')))).toMatch(/^DATA_DIR: .*ENOTDIR/)
  rmSync(folder, { recursive: true })
})

describe('the start', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createDatabase()
  })
  afterAll(() => database.drop())

  it('waits for a PostgreSQL that is not there yet, and says so once', async () => {
    const { hostname, port } = new URL(database.url)
    const late = new URL(database.url)
    late.port = String(await freePort())
    const said: string[] = []
    let proxy: TcpProxy | undefined
    const found = await findPostgres('DATABASE_URL', late.href, 60_000, (line) => {
      said.push(line)
      void TcpProxy.open(hostname, Number(port), Number(late.port)).then((opened) => (proxy = opened))
    })
    expect(found).toMatchObject({ isPooled: false, version: expect.stringMatching(/^\d+/) })
    expect(said).toEqual([expect.stringMatching(/^Waiting up to 60 s for PostgreSQL at .*ECONNREFUSED/)])
    expect(said.join()).not.toContain(late.password)
    await proxy!.close()
  })

  it('does not wait for what waiting does not mend, and says what is wrong', async () => {
    const url = new URL(database.url)
    url.password = 'not-the-one'
    const ask = (address: string) =>
      findPostgres('DATABASE_URL', address, 60_000, () => expect.unreachable()).catch(
        ({ message }: Error) => message,
      )
    expect(await ask(url.href)).toMatch(/^DATABASE_URL: .*the password of user "postgres" is wrong$/)
    expect(await ask(inDatabase(database.url, 'nowhere'))).toMatch(/there is no database "nowhere"/)
    expect(
      await findPostgres('DATABASE_URL', `postgres://127.0.0.1:${await freePort()}/x`, 0, () => {}).catch(
        String,
      ),
    ).toMatch(/no PostgreSQL answers at 127\.0\.0\.1:\d+\/x \(.*ECONNREFUSED/)
  })

  it('tells in one line what runs on what, without a password', async () => {
    const found = await findPostgres('DATABASE_URL', database.url, 0, () => {})
    const source = await new DataSource(dataSourceOptions(database.url)).initialize()
    await source.query(`insert into migrations (timestamp, name) values (9, 'OfLater9')`)
    const server = { url: database.url, ...found, sessionUrl: database.url, stop: async () => {} }
    const line = await startLine(source, server, ['api', 'worker'], 2)
    const { length } = source.migrations
    expect(line).toMatch(
      /^Punctual \d+\.\d+\.\d+(-dev)? \(api, worker\) on PostgreSQL \d+\S* at 127\.0\.0\.1:\d+\/punctual_test_/,
    )
    expect(line).toMatch(
      new RegExp(`migrations: ${length + 1} applied \\(2 now, 1 of a newer release\\), 0 pending$`),
    )
    expect(line).not.toContain(new URL(database.url).password)
    await source.destroy()
  })
})

function messageOf(act: () => unknown): string {
  try {
    act()
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
