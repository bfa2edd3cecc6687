import type { Client } from 'pg'
import { DataSource } from 'typeorm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isUnavailable } from '../src/database/unavailable.js'
import { UnitOfWork } from '../src/database/unit-of-work.js'
import { query } from './support/embedded.js'
import { eventually } from './support/eventually.js'
import { startTestApp, type TestApp } from './support/test-app.js'

let punctual: TestApp

beforeAll(async () => {
  punctual = await startTestApp()
})
afterAll(() => punctual.stop())

describe('a connection that PostgreSQL cuts', () => {
  it('is no end of the process where TypeORM and its pool have let it go', async () => {
    const runner = punctual.app.get(DataSource).createQueryRunner()
    const client = (await runner.connect()) as Client
    await runner.release()
    const ours = client.listeners('error')
    const pools = ours.filter((listener) => listener.name === 'idleListener')
    for (const listener of pools) client.off('error', listener as () => void) // as it does for whoever comes next
    expect(() => client.emit('error', new Error('Connection terminated unexpectedly'))).not.toThrow()
  })

  it('is unavailable to a use case that goes on asking over it', async () => {
    const error = await punctual.app
      .get(UnitOfWork)
      .run(async (tx) => {
        await cut(await tx.query<{ pid: number }>('select pg_backend_pid() as pid'))
        await eventually(() => expect(tx.manager.queryRunner!.isReleased).toBe(true))
        await tx.manager.query('select 1')
      })
      .catch((reason: unknown) => reason)
    expect((error as Error).name).toMatch(/AlreadyReleasedError$/)
    expect(isUnavailable(error)).toBe(true)
  })

  it('is unavailable to whoever waits for its answer, be it by a transaction or without', async () => {
    const work = punctual.app.get(UnitOfWork)
    const sleepy = 'select pg_sleep(60) as cut_me'
    for (const asked of [() => work.query(sleepy), () => work.run((tx) => tx.query(sleepy))]) {
      expect(isUnavailable(await outcomeOfCut(asked))).toBe(true)
    }
  })
})

it.each([
  { code: '57P05', message: 'terminating connection due to idle-session timeout' },
  { code: '25006', message: 'cannot execute INSERT in a read-only transaction' },
  { code: '53100', message: 'could not extend file: No space left on device' },
  { code: 'EAI_AGAIN', message: 'getaddrinfo EAI_AGAIN db.example' },
  { message: 'Received unexpected commandComplete message from backend.' },
  { message: 'Client has encountered a connection error and is not queryable' },
  { message: 'timeout expired' },
])('is unavailable: $message', (error) => expect(isUnavailable(error)).toBe(true))

it.each([{ code: '23505' }, { code: '22P02' }, { message: 'Client error' }, new Error('x'), null, 'text'])(
  'is a fault of another kind: %j',
  (error) => expect(isUnavailable(error)).toBe(false),
)

const cut = ([row]: { pid: number }[]) => cutThoseThat(`pid = ${row!.pid}`)

/** Asks again where the pool gives a connection that was cut before: that fails at once, and is not what is looked at. */
async function outcomeOfCut(ask: () => Promise<unknown>): Promise<unknown> {
  for (;;) {
    const asked = { isOver: false }
    const outcome = ask()
      .catch((reason: unknown) => reason)
      .finally(() => (asked.isOver = true))
    while (!asked.isOver)
      if (await cutThoseThat(`query like 'select pg_sleep%' and pid <> pg_backend_pid()`)) return outcome
  }
}

async function cutThoseThat(match: string): Promise<number> {
  const sql = `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and ${match}`
  return (await query(punctual.databaseUrl, sql)).length
}
