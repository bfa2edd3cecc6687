import { exampleOf, isNullByExample, rawExampleOf, resolve, type Operation, type Schema } from './contract.js'
import {
  BODIES,
  CONTENT_TYPES,
  CURSORS,
  IDEMPOTENCY_KEYS,
  IDS,
  JSON_VALUES,
  KEYS,
  QUERIES,
} from './hostile-values.js'
import type { RawRequest } from './raw-request.js'

export interface Case extends RawRequest {
  operation: Operation
  /** What is wrong with it, such as `retryCount: minus zero`. */
  wrong: string
  group: string
}

const JSON_TYPE: [string, string] = ['content-type', 'application/json']
const HOLE = '@@hole@@'

/** All that can be wrong with a call of an operation whose ids are `ids`; the rest of each request is right. */
export function hostileCases(operation: Operation, ids: (place: string) => number, url: string): Case[] {
  const { method, bodyType, parameters } = operation
  const path = fill(operation.path, ids)
  const query = parameters.some(({ name, in: place }) => name === 'id' && place === 'query')
    ? `?id=${ids(`${operation.path}?id`)}`
    : ''
  const right = { operation, method, path: path + query, ...rightBody(operation, url) }
  const isKeyed = parameters.some(({ name }) => name === 'Idempotency-Key')
  return [
    ...(bodyType === 'application/json'
      ? [...fieldCases(right, url), ...keyCasesOf(right), ...bodyCases(right)]
      : []),
    ...(bodyType === 'text/calendar' ? bodyCases(right) : []),
    ...(method === 'GET' ? [] : typeCases(right)),
    ...queryCases(right, path),
    ...pathCases(right, ids),
    ...(isKeyed ? keyCases(right) : []),
  ]
}

type Right = RawRequest & { operation: Operation }

function rightBody(operation: Operation, url: string): Partial<RawRequest> {
  const { bodyType, bodySchema } = operation
  if (!bodyType || !bodySchema) return {}
  if (bodyType !== 'application/json')
    return { headers: [['content-type', bodyType]], body: rawExampleOf(operation) }
  return { headers: [JSON_TYPE], body: JSON.stringify(example(bodySchema, url)) }
}

/** Webhooks of the tests must not reach the world. */
function example(schema: Schema, url: string): Record<string, unknown> {
  const body = structuredClone(exampleOf(schema)) as Record<string, unknown>
  const places = ['url', 'target_url'].filter((name) => name in body)
  return { ...body, ...Object.fromEntries(places.map((name) => [name, url])) }
}

/** Each field in turn holds what it must not. */
function fieldCases(right: Right, url: string): Case[] {
  const schema = right.operation.bodySchema!
  return fieldsOf(schema).flatMap((field) =>
    Object.entries(JSON_VALUES).map(([name, value]) => ({
      ...right,
      group: 'field',
      wrong: `${field.join('.')}: ${name}`,
      body: withHole(example(schema, url), field, value),
    })),
  )
}

function fieldsOf(unresolved: Schema, path: string[] = []): string[][] {
  const schema: Schema = resolve(unresolved)
  const parts = { ...schema.properties, ...(schema.items && { 0: schema.items }) }
  const isOpen = path.length > 0 && schema.example !== null && typeof schema.example === 'object'
  const inner = isOpen
    ? placesIn(schema.example, path)
    : Object.entries(isNullByExample(schema) ? {} : parts).flatMap(([name, part]) =>
        fieldsOf(part, [...path, name]),
      )
  return path.length > 0 ? [path, ...inner] : inner
}

/** Of an example that stands for a whole tree, the first item of every list is as good as the others. */
function placesIn(tree: unknown, path: string[]): string[][] {
  if (tree === null || typeof tree !== 'object') return []
  const parts = Object.entries(tree).slice(0, Array.isArray(tree) ? 1 : undefined)
  return parts.flatMap(([name, part]) => [[...path, name], ...placesIn(part, [...path, name])])
}

function withHole(body: unknown, path: string[], value: string | Buffer): Buffer {
  const last = path.at(-1)!
  const parent = path.slice(0, -1).reduce((node, name) => (node as Record<string, unknown>)[name], body)
  Object.assign(parent as object, { [last]: HOLE })
  const [before, after] = JSON.stringify(body).split(`"${HOLE}"`)
  return Buffer.concat([before!, value, after!].map((part) => Buffer.from(part as string)))
}

/** A right body and one key more, as text: JSON.stringify would not write a __proto__. */
const keyCasesOf = (right: Right): Case[] =>
  KEYS.map((key) => ({
    ...right,
    group: 'key',
    wrong: key,
    body: String(right.body).replace('{', `{${JSON.stringify(key)}:"x",`),
  }))

const bodyCases = (right: Right): Case[] =>
  Object.entries(BODIES).map(([wrong, body]) => ({ ...right, group: 'body', wrong, body }))

const typeCases = (right: Right): Case[] =>
  CONTENT_TYPES.map((type) => ({
    ...right,
    group: 'content type',
    wrong: type.slice(0, 40),
    body: right.body ?? '{}',
    headers: [['content-type', type]],
  }))

function queryCases(right: Right, path: string): Case[] {
  const names = right.operation.parameters
    .filter((parameter) => parameter.in === 'query')
    .map(({ name }) => name)
  const queries = names.flatMap((name) => [
    ...QUERIES.filter((query) => query.includes('$')).map((query) => query.replaceAll('$', name)),
    ...(/^(cursor|after)$/.test(name) ? CURSORS.map((cursor) => `${name}=${cursor}`) : []),
  ])
  return [...queries, ...QUERIES.filter((query) => !query.includes('$'))].map((query) => ({
    ...right,
    group: 'query',
    wrong: query.slice(0, 60),
    path: `${path}?${query}`,
  }))
}

function pathCases(right: Right, ids: (place: string) => number): Case[] {
  const { path } = right.operation
  return [...path.matchAll(/\{\w+\}/g)].flatMap(({ index, 0: part }) =>
    IDS.map((id) => {
      const hostile = `${fill(path.slice(0, index), ids)}${id}${fillRest(path, index + part.length, ids)}`
      return { ...right, group: 'path', wrong: `${part} ${id.slice(0, 30)}`, path: hostile }
    }),
  )
}

const keyCases = (right: Right): Case[] =>
  IDEMPOTENCY_KEYS.map((key) => ({
    ...right,
    group: 'idempotency key',
    wrong: key.slice(0, 30),
    headers: [...(right.headers ?? []), ['idempotency-key', key]],
  }))

const fill = (path: string, ids: (place: string) => number) => fillRest(path, 0, ids)

function fillRest(path: string, from: number, ids: (place: string) => number): string {
  return path
    .slice(from)
    .replaceAll(/\{\w+\}/g, (part, index: number) => String(ids(path.slice(0, from + index + part.length))))
}
