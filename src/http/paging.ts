import { invalid } from './problem.js'

export interface Page<Row> {
  data: Row[]
  nextCursor: string | null
}

/**
 * Cuts rows read with `limit + 1` into a page. The cursor is opaque: the last row's sort key, so that
 * rows written meanwhile neither repeat nor hide others (keyset paging).
 */
export function toPage<Row>(rows: Row[], limit: number, keyOf: (row: Row) => unknown[]): Page<Row> {
  const data = rows.slice(0, limit)
  const last = data.at(-1)
  return { data, nextCursor: rows.length > limit && last ? cursorOf(keyOf(last)) : null }
}

/** @throws Problem 400 for a cursor that `cursorOf` did not make */
export function cursorKey(
  cursor: string | undefined,
  isKey: (key: unknown[]) => boolean,
  field = 'cursor',
): unknown[] | null {
  if (cursor === undefined) return null
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    if (Array.isArray(key) && isKey(key)) return key
  } catch {
    // falls through to the one answer for all bad cursors
  }
  throw invalid(field, 'is not one that a page gave')
}

/** The key of a list sorted by id, newest first. */
export function idCursor(cursor: string | undefined): number | null {
  const key = cursorKey(
    cursor,
    ([id, ...rest]) => Number.isSafeInteger(id) && Number(id) > 0 && rest.length === 0,
  )
  return key ? (key[0] as number) : null
}

/** Opaque to callers, so that what a list is sorted by may change. */
export const cursorOf = (key: unknown[]) => Buffer.from(JSON.stringify(key)).toString('base64url')
