import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { gone, homeOf, isAlive, names, pidIn, query, spawnApp } from './support/embedded.js'
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../src/database/embedded-postgres.js'

const isRoot = process.getuid?.() === 0
let ready: string
let readyDataDir: string
let folder: string
let dataDir: string
let running: EmbeddedPostgres[]

beforeAll(async () => {
  ready = mkdtempSync(join(tmpdir(), 'punctual-pg-ready-'))
  chmodSync(ready, 0o755)
  readyDataDir = join(ready, 'app/.data/postgres')
  const server = await startEmbeddedPostgres({ dataDir: readyDataDir })
  await query(server.url, 'create table kept as select 42 as answer')
  await server.stop()
})

afterAll(() => rmSync(ready, { recursive: true, force: true }))

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'punctual-pg-'))
  chmodSync(folder, 0o755)
  dataDir = join(folder, 'app/.data/postgres')
  running = []
})

afterEach(async () => {
  for (const server of running) await server.stop()
  const home = homeOf(dataDir)
  const pid = home && pidIn(home)
  if (pid) {
    process.kill(pid, 'SIGQUIT')
    await gone(pid)
  }
  rmSync(folder, { recursive: true, force: true })
  if (home && dataDir !== readyDataDir) rmSync(home, { recursive: true, force: true })
})

describe('the embedded PostgreSQL', { timeout: 20_000 }, () => {
  it('starts, keeps its data over a restart, and listens on a free port of 127.0.0.1 alone', async () => {
    const taken = createServer().on('error', () => {}) // or another program has taken it already
    taken.listen(5432, '127.0.0.1')
    const first = await start()
    taken.close()
    expect(new URL(first.url).port).not.toBe('5432')
    const listed = await query(first.url, 'show listen_addresses')
    expect(listed).toEqual([{ listen_addresses: '127.0.0.1' }])
    expect(
      await query(
        first.url,
        "select datcollate, pg_encoding_to_char(encoding) as encoding, datlocprovider, datlocale from pg_database where datname = 'punctual'",
      ),
    ).toEqual([{ datcollate: 'C', encoding: 'UTF8', datlocprovider: 'b', datlocale: 'C.UTF-8' }])
    await query(first.url, 'create table kept as select 42 as answer')
    const pid = pidIn(homeOf(dataDir)!)!
    await first.stop()
    await gone(pid)
    expect(statSync(`${dataDir}.password`).mode & 0o777).toBe(0o600)

    const began = performance.now()
    const second = await start({ settings: { work_mem: '7MB' } })
    expect(performance.now() - began).toBeLessThan(3_000)
    expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }])
    expect(await query(second.url, 'show work_mem')).toEqual([{ work_mem: '7MB' }])
    expect(readdirSync(join(dataDir, '..')).sort()).toEqual(['postgres', 'postgres.log', 'postgres.password'])
  })

  it('is joined by a second process and stopped by the last one out', async () => {
    useReadyCluster()
    const first = await start()
    const second = await start({ database: 'other' })
    const pid = pidIn(homeOf(dataDir)!)!
    expect(new URL(second.url).port).toBe(new URL(first.url).port)
    await first.stop()
    expect(await query(second.url, 'select current_database() as name')).toEqual([{ name: 'other' }])
    await second.stop()
    await gone(pid)
  })

  it('goes on running while any other client is connected', async () => {
    useReadyCluster()
    const server = await start()
    const client = new Client({ connectionString: server.url })
    await client.connect()
    await server.stop()
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])
    await client.end()
    const again = await start()
    expect(new URL(again.url).port).toBe(new URL(server.url).port)
  })

  it('gives every process that starts at the same moment a working URL', async () => {
    const servers = await Promise.all([start(), start(), start()])
    const ports = servers.map(({ url }) => new URL(url).port)
    expect(new Set(ports).size).toBe(1)
    for (const { url } of servers) expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }])
    await Promise.all(servers.map((server) => server.stop()))
    expect(pidIn(homeOf(dataDir)!)).toBeUndefined()
  })

  it('survives processes that come while another one leaves', async () => {
    useReadyCluster()
    let server = await start()
    for (let round = 0; round < 4; round++) {
      const [, next] = await Promise.all([server.stop(), sleep(round * 8).then(() => start())])
      expect(await query(next.url, 'select 1 as one')).toEqual([{ one: 1 }])
      server = next
    }
  })

  it('is joined when it outlived a killed app', async () => {
    useReadyCluster()
    const app = spawnApp(dataDir)
    const url = await new Promise<string>((done) =>
      app.stdout.once('data', (line) => done(String(line).trim())),
    )
    app.kill('SIGKILL')
    const next = await start()
    expect(next.url).toBe(url)
    await sleep(50)
    await next.stop()
    expect(pidIn(homeOf(dataDir)!)).toBeUndefined()
  })

  it.each(['nobody', 'another process of its own user'])(
    'starts after a kill -9; the old pid is now %s',
    async (who) => {
      useReadyCluster()
      const app = spawnApp(dataDir) // in a process of its own: while it lives, it starts its server again
      await once(app.stdout, 'data')
      app.kill('SIGKILL')
      const home = homeOf(dataDir)!
      const pid = pidIn(home)!
      process.kill(pid, 'SIGKILL')
      while (isAlive(pid)) await sleep(10)
      const { uid, gid } = statSync(home)
      const stranger = spawn('sleep', ['60'], isRoot ? { uid, gid } : {})
      if (who !== 'nobody') {
        const lines = readFileSync(join(home, 'postmaster.pid'), 'utf8').split('\n')
        writeFileSync(join(home, 'postmaster.pid'), [stranger.pid, ...lines.slice(1)].join('\n'))
      }
      const next = await start()
      expect(await query(next.url, 'select answer from kept')).toEqual([{ answer: 42 }])
      expect(isAlive(stranger.pid!)).toBe(true)
      stranger.kill('SIGKILL')
    },
  )

  it('does not join the server of the folder it was copied from', async () => {
    useReadyCluster()
    const original = await start()
    const copy = join(folder, 'copy/.data/postgres')
    mkdirSync(join(copy, '..'), { recursive: true })
    spawnSync('cp', ['-a', `${dataDir}/.`, copy])
    spawnSync('cp', ['-a', `${dataDir}.password`, `${copy}.password`])
    const other = await start({ dataDir: copy })
    expect(new URL(other.url).port).not.toBe(new URL(original.url).port)
  })

  it('begins again after an initdb that was cut short', async () => {
    mkdirSync(join(dataDir, 'global'), { recursive: true })
    writeFileSync(join(dataDir, 'PG_VERSION'), '18\n')
    const lines: string[] = []
    const server = await start({ log: (line) => lines.push(line) })
    expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }])
    expect(lines.join()).toContain('no complete PostgreSQL cluster')
  })

  it('begins again after a kill -9 during its own first start', async () => {
    const app = spawnApp(dataDir)
    while (!names(join(dataDir, '..')).some((name) => name.includes('.init-'))) await sleep(5)
    await sleep(150)
    app.kill('SIGKILL')
    const server = await start()
    expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  it('says what to do when PostgreSQL does not start', async () => {
    useReadyCluster()
    const failed = startEmbeddedPostgres({ dataDir, settings: { shared_buffers: 'plenty' } })
    await expect(failed).rejects.toThrow(/shared_buffers.*"plenty"[^]*set DATABASE_URL/)
  })

  it('says what to do when the password file was lost', async () => {
    useReadyCluster()
    renameSync(`${dataDir}.password`, `${dataDir}.lost`)
    await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow(/password.*does not fit.*Restore/)
    renameSync(`${dataDir}.lost`, `${dataDir}.password`)
  })

  it('says what to do when the folder cannot be made', async () => {
    writeFileSync(join(folder, 'app'), 'a file')
    await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow(/ENOTDIR|EEXIST[^]*set DATABASE_URL/)
  })

  it.runIf(isRoot)(
    'as root keeps the data of a closed checkout where another OS user can reach them',
    async () => {
      chmodSync(folder, 0o700)
      const first = await start()
      expect(statSync(homeOf(dataDir)!).uid).not.toBe(0)
      await query(first.url, 'create table kept as select 42 as answer')
      await first.stop()

      const second = await start()
      expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }])
      await second.stop()

      const oldHome = homeOf(dataDir)!
      renameSync(join(dataDir, '..'), join(folder, 'deleted'))
      const third = await start()
      expect(await query(third.url, "select to_regclass('kept') as kept")).toEqual([{ kept: null }])
      rmSync(oldHome, { recursive: true })
    },
  )
})

/** Spares a test that is not about the first start its second of initdb. */
function useReadyCluster() {
  dataDir = readyDataDir
}

async function start(options: Partial<Parameters<typeof startEmbeddedPostgres>[0]> = {}) {
  const server = await startEmbeddedPostgres({ dataDir, ...options })
  running.push(server)
  return server
}
