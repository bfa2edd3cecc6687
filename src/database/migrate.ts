import { setTimeout as sleep } from 'node:timers/promises'
import type { DataSource, QueryRunner } from 'typeorm'

const LOCK = 7_262_105 // any number of our own

/**
 * Brings the schema up to date, once however many processes start together: they wait for one advisory lock. A transaction
 * holds it, for a session may be another one's by the next statement (a pooler).
 *
 * @returns how many migrations ran
 */
export async function migrate(source: DataSource): Promise<number> {
  const runner = source.createQueryRunner()
  try {
    await runner.startTransaction()
    await runner.query(`set local idle_in_transaction_session_timeout = 0`)
    while (!(await isLocked(runner))) await sleep(100)
    return (await source.runMigrations({ transaction: 'each' })).length
  } finally {
    await runner.rollbackTransaction().catch(() => {})
    await runner.release()
  }
}

/** Asked again and again: waiting within one query would end at its timeout while another process still migrates. */
async function isLocked(runner: QueryRunner): Promise<boolean> {
  const [row] = await runner.manager.query<{ locked: boolean }[]>(
    `select pg_try_advisory_xact_lock(${LOCK}) as locked`,
  )
  return row!.locked
}
