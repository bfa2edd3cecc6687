import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { Client } from 'pg'

const names = new LRUCache<string, string>({ max: 1_000 })

/**
 * A connection on which statements with parameters are parsed once and then called by name: taking an email in is
 * nine statements, and a third of PostgreSQL's work on them was parsing. The name is a digest of the text.
 */
export class NamedStatementsClient extends Client {
  // pg's overloads are many; only text with values is given a name, everything else stays as it is.
  override query(text: unknown, values?: unknown, ...rest: unknown[]): never {
    const query = super.query as (...args: unknown[]) => never
    const isStatement = typeof text === 'string' && Array.isArray(values) && values.length > 0
    return isStatement
      ? query.call(this, { name: nameOf(text), text, values }, ...rest)
      : query.call(this, text, values, ...rest)
  }
}

function nameOf(text: string): string {
  const known = names.get(text)
  if (known) return known
  const name = createHash('sha1').update(text).digest('base64url')
  names.set(text, name)
  return name
}
