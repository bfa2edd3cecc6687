import { once } from 'node:events'
import { chmodSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../src/database/embedded-postgres.js'
import { findPostmaster } from '../src/database/postmaster.js'
import { gone, pidIn, query, spawnApp } from './support/embedded.js'
import { eventually } from './support/eventually.js'

let folder: string
let dataDir: string
let server: EmbeddedPostgres
const lost: Error[] = []
const told: string[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'punctual-revival-'))
  chmodSync(folder, 0o711) // as root, the server's own user must get through
  dataDir = join(folder, 'postgres')
  server = await startEmbeddedPostgres({
    dataDir,
    tell: (line) => told.push(line),
    onLost: (error) => lost.push(error),
  })
  await query(server.url, 'create table kept as select 42 as answer')
})

afterAll(async () => {
  await server.stop()
  expect(findPostmaster(realpathSync(dataDir))).toBeUndefined()
  rmSync(folder, { recursive: true, force: true })
})

it('is started again with its data and at its address when it is killed', async () => {
  await killPostmaster()
  await eventually(answersAsBefore)
  await eventually(() =>
    expect(told).toEqual([
      'The embedded PostgreSQL ended; starting it again',
      'The embedded PostgreSQL is back',
    ]),
  )
  expect(lost).toEqual([])
})

it('is started again by exactly one of the processes that share it, and stops with the last of them', async () => {
  const others = [spawnApp(dataDir), spawnApp(dataDir)]
  await Promise.all(others.map((other) => once(other.stdout, 'data')))
  await killPostmaster()
  await eventually(async () => expect(await keepers()).toBe(3))
  expect(await answersAsBefore()).toBeUndefined()
  for (const other of others) other.kill('SIGKILL')
  await eventually(async () => expect(await keepers()).toBe(1))
})

it('is only joined again where its session alone was cut', async () => {
  const before = pidIn(realpathSync(dataDir))
  await query(server.url, `select pg_terminate_backend(pid) from pg_stat_activity where ${IS_KEEPER}`)
  await eventually(async () => expect(await keepers()).toBe(1))
  expect(pidIn(realpathSync(dataDir))).toBe(before)
})

it('is told of as lost, with the reason, where it cannot be started again', async () => {
  const home = realpathSync(dataDir)
  rmSync(join(home, 'global/pg_control'))
  await killPostmaster()
  await eventually(() => expect(lost.map(String).join()).toMatch(/pg_control/))
})

const IS_KEEPER = `application_name like 'punctual (keeps%'`

async function keepers(): Promise<number> {
  return (await query(server.url, `select 1 from pg_stat_activity where ${IS_KEEPER}`)).length
}

async function answersAsBefore(): Promise<void> {
  expect(await query(server.url, 'select answer from kept')).toEqual([{ answer: 42 }])
}

async function killPostmaster(): Promise<void> {
  const pid = pidIn(realpathSync(dataDir))!
  process.kill(pid, 'SIGKILL')
  await gone(pid)
}
