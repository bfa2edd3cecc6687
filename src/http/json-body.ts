import { isUtf8 } from 'node:buffer'
import type { FastifyInstance } from 'fastify'
import { invalid, Problem } from './problem.js'

const MAX_DEPTH = 32
/** The longest legal calendar has 37,000: 1,000 dates with 12 intervals of two times each. */
const MAX_VALUES = 50_000
/** The longest legal object names 1,000 dates. */
const MAX_KEYS = 2_000
/** What every object has without being given it: class-validator takes these for known properties. */
const INHERITED = new Set([...Object.getOwnPropertyNames(Object.prototype), 'prototype'])

/**
 * Parses JSON bodies, which are objects, and refuses what JSON allows but nothing behind it can hold: values by the
 * million, nesting that overflows the validator's stack, NUL and lone surrogates that PostgreSQL refuses, numbers beyond a
 * double.
 */
export function acceptJson(fastify: FastifyInstance): void {
  fastify.removeContentTypeParser(['application/json', 'text/plain'])
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, bytes: Buffer, done) => {
    if (bytes.length === 0) return done(null, undefined) // some clients label an empty body
    try {
      if (!isUtf8(bytes)) throw malformed('The body is not UTF-8')
      refuseShape(bytes)
      const body = parsed(bytes.toString('utf8'))
      refuseUnstorable(body)
      done(null, body)
    } catch (problem) {
      done(problem as Error)
    }
  })
}

/** @throws Problem 400 for what is no JSON, and for what is no object */
function parsed(text: string): unknown {
  const json = text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text
  if (json.trim() === '') throw malformed('The body is blank: send a JSON object, or no body')
  const body = valueOf(json)
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw invalid('body', NO_OBJECT)
  return body
}

function valueOf(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    throw malformed('The body is not valid JSON')
  }
}

/**
 * Judges the text before it is parsed: a million small objects are 4 MB of text, but take a second to build.
 * @throws Problem 400 for too many values, and for too deep nesting
 */
function refuseShape(bytes: Buffer): void {
  let values = 1
  let depth = 0
  let isText = false
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!
    if (byte === QUOTE) isText = !isText
    else if (isText) {
      if (byte === BACKSLASH) at++
    } else if (byte === COMMA) values++
    else if ((byte | CASE) === OPENING) {
      values++
      if (++depth > MAX_DEPTH) throw invalid('body', TOO_DEEP)
    } else if ((byte | CASE) === CLOSING) depth--
    if (values > MAX_VALUES) throw invalid('body', TOO_MANY)
  }
}

const [QUOTE, BACKSLASH, COMMA, OPENING, CLOSING] = [0x22, 0x5c, 0x2c, 0x7b, 0x7d]
/** In ASCII a bracket and a brace differ by the bit that tells small letters from capitals. */
const CASE = 0x20

const BYTE_ORDER_MARK = '\ufeff'
const malformed = (detail: string) => new Problem(400, 'malformed_json', detail)
const NO_OBJECT = 'must be an object'
const TOO_DEEP = `is nested more than ${MAX_DEPTH} deep`
const TOO_MANY_KEYS = `has more than ${MAX_KEYS} properties`
const TOO_MANY = `has more than ${MAX_VALUES} values`

/** @throws Problem 400 naming the place */
export function refuseUnstorable(root: unknown): void {
  const fault = faultIn(root, 0, { seen: 0 })
  if (!fault) return
  const path = fault.path.toReversed().join('.')
  const field = path.length > 100 ? `${path.slice(0, 100)}…` : path || 'body'
  const { message } = fault
  throw new Problem(400, 'malformed_json', `${field} ${message}`, [{ field: field.toWellFormed(), message }])
}

interface Fault {
  /** The innermost key first. */
  path: string[]
  message: string
}

/** Looks at each value where it stands: a copy, or a path, of each of them would take more memory than the body. */
function faultIn(value: unknown, depth: number, counter: { seen: number }): Fault | undefined {
  if (++counter.seen > MAX_VALUES) throw invalid('body', TOO_MANY)
  if (typeof value === 'string') return faultOfText(value)
  if (typeof value === 'number' && !Number.isFinite(value)) return faultHere('is too large a number')
  if (value === null || typeof value !== 'object') return undefined
  if (depth >= MAX_DEPTH) return faultHere(TOO_DEEP)
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const fault = faultIn(value[index], depth + 1, counter)
      if (fault) return within(index, fault)
    }
    return undefined
  }
  let keys = 0
  for (const key in value) {
    if (++keys > MAX_KEYS) return faultHere(TOO_MANY_KEYS)
    const own = faultOfKey(key)
    if (own) return own
    const fault = faultIn((value as Record<string, unknown>)[key], depth + 1, counter)
    if (fault) return within(key, fault)
  }
  return undefined
}

function faultOfKey(key: string): Fault | undefined {
  return INHERITED.has(key) ? faultHere(`must not have the property ${key}`) : faultOfText(key)
}

function faultOfText(text: string): Fault | undefined {
  if (text.includes('\0')) return faultHere('must not contain a NUL character')
  if (text.isWellFormed()) return undefined
  return faultHere('must be well-formed Unicode: it has half a surrogate pair')
}

const faultHere = (message: string): Fault => ({ path: [], message })

const within = (key: string | number, { path, message }: Fault): Fault => ({
  path: [...path, String(key)],
  message,
})
