import { validateHeaderName, validateHeaderValue } from 'node:http'
import { invalid } from '../http/problem.js'

/** What the delivery itself must say. */
const RESERVED =
  /^(host|content-|transfer-encoding|connection|keep-alive|te|trailer|upgrade|expect|proxy-|webhook-|x-webhook-signature)/i
const MAX_HEADERS = 20
const MAX_VALUE = 2_000

/** @throws Problem 400 naming the header that cannot be sent */
export function checkHeaders(headers: Record<string, unknown>): Record<string, string> {
  const entries = Object.entries(headers)
  if (entries.length > MAX_HEADERS) throw invalid('headers', `must not be more than ${MAX_HEADERS}`)
  return Object.fromEntries(entries.map(([name, value]) => [name, checked(name, value)]))
}

function checked(name: string, value: unknown): string {
  const field = `headers.${name.slice(0, 100)}`
  if (RESERVED.test(name)) throw invalid(field, 'is set by the delivery itself')
  if (typeof value !== 'string' || value.length > MAX_VALUE)
    throw invalid(field, `must be a text of at most ${MAX_VALUE} characters`)
  try {
    validateHeaderName(name)
    validateHeaderValue(name, value)
    return value
  } catch {
    throw invalid(field, 'is not a legal HTTP header')
  }
}
