import { UnreadableSecret, type Cipher } from '../config/cipher.js'
import type { SealedColumns } from '../config/sealed-columns.js'
import type { Transaction } from './transaction.js'
import type { UnitOfWork } from './unit-of-work.js'

const BATCH = 500
/** As `Cipher` writes it, wherever it stands: in JSON it needs no escapes. */
const SEALED = /\bv1\.([0-9a-f]{8})\.[\w-]+\.[\w-]+\.[\w-]*/g

interface Row {
  /** Where it lies: a change moves it, so that it is not met twice. */
  place: string
  tenantId: string
  values: Record<string, string | null>
}

/** In rows. */
export interface Resealed {
  done: number
  /** They hold a secret that no key opens. */
  unreadable: number
}

/** Seals secrets anew that are not sealed with the first key. What is done stays done: it may be stopped at any moment. */
export class Resealing {
  constructor(
    private readonly work: UnitOfWork,
    private readonly cipher: Cipher,
    private readonly tell: (line: string) => void,
    private readonly batch = BATCH,
  ) {}

  async run(places: SealedColumns[]): Promise<Resealed> {
    let [done, unreadable] = [0, 0]
    for (const sealed of places) {
      const there = await this.reseal(sealed)
      done += there.done
      unreadable += there.unreadable
    }
    return { done, unreadable }
  }

  private async reseal(sealed: SealedColumns): Promise<Resealed> {
    const types = await this.typesOf(sealed)
    let [after, done, unreadable] = ['(0,0)', 0, 0]
    for (;;) {
      const rows = await this.work.run((tx) => this.resealSome(tx, sealed, types, after))
      if (rows.length === 0) break
      after = rows.at(-1)!.place
      done += rows.filter(({ isResealed }) => isResealed).length
      unreadable += rows.filter(({ isResealed }) => !isResealed).length
      this.tell(`${sealed.table}: ${done} rows sealed anew`)
    }
    if (done === 0) this.tell(`${sealed.table}: nothing to seal anew`)
    if (unreadable > 0) this.tell(`${sealed.table}: ${unreadable} rows that no key opens`)
    return { done, unreadable }
  }

  private async resealSome(tx: Transaction, sealed: SealedColumns, types: Types, after: string) {
    const { table, columns, boundTo } = sealed
    const values = columns.map((name) => `'${name}', ${name}::text`).join(', ')
    const stale = columns.map((name) => `${name}::text ~ 'v1\\.(?!${this.cipher.keyId})[0-9a-f]{8}\\.'`)
    const rows = await tx.query<Row>(
      `select ctid::text as place, user_id as "tenantId", json_build_object(${values}) as values from ${table}
       where ctid > $1::tid and (${stale.join(' or ')}) order by ctid limit ${this.batch} for update`,
      [after],
    )
    const set = columns.map((name, index) => `${name} = $${index + 2}::${types[name]}`).join(', ')
    return rows.map(({ place, tenantId, values: before }) => {
      const fresh = columns.map((name) => this.fresh(before[name] ?? null, boundTo(tenantId)))
      const isResealed = !fresh.includes(undefined)
      if (isResealed) tx.write(`update ${table} set ${set} where ctid = $1::tid`, [place, ...fresh])
      return { place, isResealed }
    })
  }

  /** Undefined where there is a secret that no key opens. */
  private fresh(text: string | null, boundTo: string): string | null | undefined {
    try {
      return text && text.replaceAll(SEALED, (secret) => this.sealedAnew(secret, boundTo))
    } catch (error) {
      if (error instanceof UnreadableSecret) return undefined
      throw error
    }
  }

  private sealedAnew(secret: string, boundTo: string): string {
    const isFresh = secret.startsWith(`v1.${this.cipher.keyId}.`)
    return isFresh ? secret : this.cipher.seal(this.cipher.open(secret, boundTo), boundTo)
  }

  private async typesOf({ table, columns }: SealedColumns): Promise<Types> {
    const rows = await this.work.query<{ name: string; type: string }>(
      `select column_name as name, udt_name as type from information_schema.columns
       where table_schema = current_schema and table_name = $1 and column_name = any($2)`,
      [table, columns],
    )
    return Object.fromEntries(rows.map(({ name, type }) => [name, type]))
  }
}

/** What an operator may do next. */
export function conclusion({ keyId, keyIds }: Cipher, { done, unreadable }: Resealed): string {
  const others = keyIds.filter((id) => id !== keyId)
  const old = others.join(' and ')
  if (unreadable > 0)
    return `${unreadable} rows hold secrets that no key opens. Add the key that sealed them to ENCRYPTION_KEYS, and run this again.`
  if (others.length === 0) return `Everything is sealed with the only key, ${keyId}.`
  if (done === 0)
    return `Everything was sealed with the key ${keyId} before. If every process runs with it first, ${old} may leave ENCRYPTION_KEYS.`
  return (
    `Everything is sealed with the key ${keyId}. Once every process runs with that key first, run this again: ` +
    `when it seals nothing anew, ${old} may leave ENCRYPTION_KEYS.`
  )
}

type Types = Record<string, string>
