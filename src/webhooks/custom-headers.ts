import { validateHeaderName, validateHeaderValue } from 'node:http'
import { invalid } from '../http/problem.js'

/**
 * What the delivery itself says, what frames it (a second length or host is how requests are smuggled), and what proxies say of
 * those they speak for: a receiver inside an allowed network may believe that of us.
 */
const RESERVED =
  /^(host|connection|keep-alive|te|trailer|transfer-encoding|upgrade|http2-settings|expect|user-agent|forwarded|via|x-real-ip|(content|proxy|webhook|x-webhook|x-forwarded)-.*)$/i
const MAX_HEADERS = 20
const MAX_VALUE = 2_000

/** @throws Problem 400 naming the header that cannot be sent */
export function checkHeaders(headers: Record<string, unknown>): Record<string, string> {
  const entries = Object.entries(headers)
  if (entries.length > MAX_HEADERS) throw invalid('headers', `must not be more than ${MAX_HEADERS}`)
  const names = entries.map(([name]) => name.toLowerCase())
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice) throw invalid(`headers.${twice.slice(0, 100)}`, 'is given twice')
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
