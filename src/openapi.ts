import 'reflect-metadata'
import { readFileSync, writeFileSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import { NestFactory } from '@nestjs/core'
import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import { pino } from 'pino'
import { AppModule } from './app.module.js'
import { createAdapter } from './app.setup.js'
import { openApiDocument } from './http/openapi.js'

/** Writes the contract to openapi.json; with `--check` it only says where the committed one differs, and fails. */
const FILE = 'openapi.json'
const SHOWN = 10

const contract = JSON.stringify(await buildContract(), null, 2) + '\n'
if (process.argv.includes('--check')) check(readFileSync(FILE, 'utf8'), contract)
else writeFileSync(FILE, contract)

/** In preview mode Nest reads the decorators and makes no instances: neither a database nor a port is needed. */
async function buildContract() {
  const adapter = createAdapter(pino({ level: 'silent' }))
  const app = await NestFactory.create<NestFastifyApplication>(AppModule, adapter, {
    preview: true,
    logger: ['error'],
    abortOnError: false,
  })
  app.setGlobalPrefix('api')
  return openApiDocument(app)
}

function check(committed: string, built: string): void {
  if (committed === built) return
  const differing = [...differences(JSON.parse(committed), JSON.parse(built))]
  console.error(`${FILE} is not what the code says; \`npm run openapi\` writes it anew. It differs at`)
  for (const path of differing.slice(0, SHOWN)) console.error(`  ${path}`)
  if (differing.length > SHOWN) console.error(`  and ${differing.length - SHOWN} more`)
  if (differing.length === 0) console.error('  nothing but white space or order')
  process.exitCode = 1
}

/** JSON pointers (RFC 6901) of the smallest parts that differ. */
function* differences(a: unknown, b: unknown, path = ''): Generator<string> {
  if (isDeepStrictEqual(a, b)) return
  if (!isRecord(a) || !isRecord(b)) return yield path || '/'
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)]))
    yield* differences(a[key], b[key], `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`)
}

// Not a const: what stands above runs before this line.
function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
