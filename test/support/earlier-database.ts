import { DataSource } from 'typeorm'
import { dataSourceOptions } from '../../ormconfig.js'
import { createDatabase } from './postgres.js'

/** A database as it was after the first so many migrations, and what brings it up to date. */
export async function earlierDatabase(migrations: number) {
  const database = await createDatabase('template0')
  const options = dataSourceOptions(database.url)
  const before = new DataSource({ ...options, migrations: (options.migrations as []).slice(0, migrations) })
  const after = new DataSource(options)
  await before.initialize()
  await before.runMigrations()
  const [{ id: tenantId }] = await before.query(
    `insert into "user" (email, name) values ('ada@example.com', 'Ada') returning id`,
  )
  return {
    tenantId: tenantId as string,
    before,
    after,
    migrate: async () => {
      await after.initialize()
      await after.runMigrations()
    },
    drop: async () => {
      for (const source of [before, after]) if (source.isInitialized) await source.destroy()
      await database.drop()
    },
  }
}
