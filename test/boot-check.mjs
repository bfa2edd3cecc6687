// Boots the built application once on an empty database: circular imports, for one, pass in the test runner and
// crash here. Checks that it migrated to what its entities say, that it gets ready, and that it stops cleanly.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { DataSource } from 'typeorm'
import { dataSourceOptions } from '../dist/ormconfig.js'
import { startEmbeddedPostgres } from '../dist/src/database/embedded-postgres.js'

await checkRefusal()
const folder = mkdtempSync(join(tmpdir(), 'punctual-boot-'))
const postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres') })
const port = await freePort()
const startedAt = performance.now()
const app = spawn(process.execPath, ['dist/src/main.js'], {
  env: {
    ...process.env,
    DATABASE_URL: postgres.url,
    PORT: String(port),
    DATA_DIR: folder,
    LOG_LEVEL: 'warn',
  },
  stdio: 'inherit',
})
const exit = once(app, 'exit')
try {
  await ready()
  console.log(`FIGURE start-to-ready-with-database ${Math.round(performance.now() - startedAt)} ms`)
  const differences = await schemaDifferences()
  if (differences.length > 0)
    throw new Error(`The entities differ from the schema:\n${differences.join('\n')}`)
  console.log('The schema is what the entities say')
} finally {
  app.kill('SIGTERM')
  const [code] = await exit
  await postgres.stop()
  rmSync(folder, { recursive: true, force: true })
  console.log(`The application exited with ${code}`)
  process.exitCode ||= code === 0 ? 0 : 1
}

/** What an operator reads who got the settings wrong: a line for each, once, and no stack. */
async function checkRefusal() {
  const refused = spawn(process.execPath, ['dist/src/main.js'], {
    env: { PATH: process.env.PATH, NODE_ENV: 'production', LOG_LEVEL: 'loud', JWT_SECRET: 'short' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [output, errors, [code]] = await Promise.all([
    text(refused.stdout),
    text(refused.stderr),
    once(refused, 'exit'),
  ])
  const names = errors
    .trim()
    .split('\n')
    .map((line) => line.split(':')[0])
  if (code !== 1 || output !== '' || names.sort().join() !== 'JWT_SECRET,LOG_LEVEL')
    throw new Error(`Wrong settings were told so (${code}):\n${output}${errors}`)
  console.log('Wrong settings are refused in a line each')
}

async function ready() {
  for (let tries = 0; tries < 300; tries++) {
    if (app.exitCode !== null) throw new Error('The application ended before it was ready')
    const answer = await fetch(`http://127.0.0.1:${port}/api/health/ready`).catch(() => undefined)
    if (answer?.ok) return
    await sleep(50)
  }
  throw new Error('The application was not ready within 15 s')
}

async function schemaDifferences() {
  const source = await new DataSource(dataSourceOptions(postgres.url)).initialize()
  const { upQueries } = await source.driver.createSchemaBuilder().log()
  await source.destroy()
  // Constraints and indexes belong to the migrations alone.
  return upQueries.map(({ query }) => query).filter((sql) => !/ DROP CONSTRAINT |^DROP INDEX /.test(sql))
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port: free } = server.address()
  server.close()
  return free
}
