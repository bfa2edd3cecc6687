import type { DataSource } from 'typeorm'
import { VERSION } from '../config/version.js'
import type { PostgresServer } from './postgres-server.js'

/** One line that tells an operator what runs here, on what. */
export async function startLine(
  source: DataSource,
  { place, version, isPooled, sessionUrl }: PostgresServer,
  roles: string[],
  ranNow: number,
): Promise<string> {
  const [row] = await source.query<{ applied: string[] }[]>(
    `select coalesce(json_agg(name), '[]') as applied from ${source.options.migrationsTableName}`,
  )
  const known = source.migrations.map(({ name, constructor }) => name ?? constructor.name)
  const pending = known.filter((name) => !row!.applied.includes(name)).length
  const unknown = row!.applied.filter((name) => !known.includes(name)).length
  const pooler = isPooled ? ` through a pooler${sessionUrl ? '' : ', without DATABASE_DIRECT_URL'}` : ''
  const newer = unknown > 0 ? `, ${unknown} of a newer release` : ''
  return (
    `Punctual ${VERSION} (${roles.join(', ')}) on PostgreSQL ${version.split(' ')[0]} at ${place}${pooler}; ` +
    `migrations: ${row!.applied.length} applied (${ranNow} now${newer}), ${pending} pending`
  )
}
