import type { DataSource } from 'typeorm'

const LOCK = 7_262_105 // any number of our own

/** Brings the schema up to date, once however many processes start together: they wait for one advisory lock. */
export async function migrate(source: DataSource): Promise<void> {
  const runner = source.createQueryRunner()
  try {
    await runner.query(`select pg_advisory_lock(${LOCK})`)
    await source.runMigrations({ transaction: 'each' })
  } finally {
    await runner.query(`select pg_advisory_unlock(${LOCK})`).catch(() => {})
    await runner.release()
  }
}
