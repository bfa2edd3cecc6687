import { isUtf8 } from 'node:buffer'
import type { FastifyInstance } from 'fastify'
import { Problem } from './problem.js'

const MAX_DEPTH = 32
/** What every object has without being given it: class-validator takes these for known properties. */
const INHERITED = new Set([...Object.getOwnPropertyNames(Object.prototype), 'prototype'])

/**
 * Parses JSON bodies and refuses what JSON allows but nothing behind it can hold: nesting that overflows the
 * validator's stack, NUL and lone surrogates that PostgreSQL refuses, numbers beyond a double.
 */
export function acceptJson(fastify: FastifyInstance): void {
  const parse = fastify.getDefaultJsonParser('error', 'error')
  fastify.removeContentTypeParser(['application/json', 'text/plain'])
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, bytes: Buffer, done) => {
    if (bytes.length === 0) return done(null, undefined) // some clients label an empty body
    if (!isUtf8(bytes)) return done(new Problem(400, 'malformed_json', 'The body is not UTF-8') as Error)
    parse(request, bytes.toString('utf8'), (error, body) => {
      if (error) return done(new Problem(400, 'malformed_json', error.message) as Error)
      try {
        refuseUnstorable(body)
        done(null, body)
      } catch (problem) {
        done(problem as Error)
      }
    })
  })
}

/** Without recursion: the input decides the depth. @throws Problem 400 naming the place */
export function refuseUnstorable(root: unknown): void {
  const open: { value: unknown; path: string; depth: number }[] = [{ value: root, path: '', depth: 0 }]
  for (let next = open.pop(); next; next = open.pop()) {
    const { value, path, depth } = next
    if (typeof value === 'string') refuseText(value, path)
    else if (typeof value === 'number' && !Number.isFinite(value)) refuse(path, 'is too large a number')
    else if (value !== null && typeof value === 'object') {
      if (depth >= MAX_DEPTH) refuse(path, `is nested more than ${MAX_DEPTH} deep`)
      for (const [key, child] of Object.entries(value)) {
        refuseText(key, path)
        if (INHERITED.has(key)) refuse(path, `must not have the property ${key}`)
        open.push({ value: child, path: path ? `${path}.${key}` : key, depth: depth + 1 })
      }
    }
  }
}

function refuseText(text: string, path: string): void {
  if (text.includes('\0')) refuse(path, 'must not contain a NUL character')
  if (!text.isWellFormed()) refuse(path, 'must be well-formed Unicode: it has half a surrogate pair')
}

function refuse(path: string, message: string): never {
  const field = path.length > 100 ? `${path.slice(0, 100)}…` : path || 'body'
  throw new Problem(400, 'malformed_json', `${field} ${message}`, [{ field: field.toWellFormed(), message }])
}
