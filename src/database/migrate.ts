import { setTimeout as sleep } from 'node:timers/promises'
import type { DataSource, QueryRunner } from 'typeorm'

const LOCK = 7_262_105 // any number of our own

/** Brings the schema up to date, once however many processes start together: they wait for one advisory lock. */
export async function migrate(source: DataSource): Promise<void> {
  const runner = source.createQueryRunner()
  try {
    while (!(await isLocked(runner))) await sleep(100)
    await source.runMigrations({ transaction: 'each' })
  } finally {
    await runner.query(`select pg_advisory_unlock(${LOCK})`).catch(() => {})
    await runner.release()
  }
}

/** Asked again and again: waiting within one query would end at its timeout while another process still migrates. */
async function isLocked(runner: QueryRunner): Promise<boolean> {
  const [row] = await runner.manager.query<{ locked: boolean }[]>(
    `select pg_try_advisory_lock(${LOCK}) as locked`,
  )
  return row!.locked
}
