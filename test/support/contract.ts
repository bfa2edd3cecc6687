import { readFileSync } from 'node:fs'
import type { Body } from './api-client.js'

/** The committed contract, from which tests make their requests. */
export const contract: Body = JSON.parse(readFileSync(new URL('../../openapi.json', import.meta.url), 'utf8'))

export interface Parameter {
  name: string
  in: 'path' | 'query' | 'header'
  required?: boolean
  schema: Schema
}

export interface Schema {
  $ref?: string
  type?: string | string[]
  format?: string
  enum?: unknown[]
  example?: unknown
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  anyOf?: Schema[]
  oneOf?: Schema[]
}

export interface Operation {
  /** Such as `POST /api/emails/{id}/assign`. */
  name: string
  method: string
  path: string
  parameters: Parameter[]
  bodyType: string | undefined
  bodySchema: Schema | undefined
  isPublic: boolean
  /** Its answer is a stream, which ends when its client leaves. */
  isEndless: boolean
  /** As it stands in the document, its responses resolved. */
  raw: Body
}

export const operations: Operation[] = Object.entries<Body>(contract.paths).flatMap(([path, item]) =>
  Object.entries<Body>(item).map(([method, raw]) => operationOf(path, method.toUpperCase(), raw)),
)

/** The operations, each once for every kind of body that it takes: a request has one of them. */
export const calls: Operation[] = operations.flatMap((operation) =>
  (operation.bodySchema?.oneOf ?? [operation.bodySchema]).map((kind) =>
    kind?.$ref
      ? {
          ...operation,
          name: `${operation.name} with ${kind.$ref.split('/').at(-1)}`,
          bodySchema: resolve(kind) as Schema,
        }
      : operation,
  ),
)

function operationOf(path: string, method: string, raw: Body): Operation {
  const [body] = Object.entries<Body>(raw.requestBody?.content ?? {})
  const responses = Object.entries(raw.responses).map(([status, response]) => [status, resolve(response)])
  return {
    name: `${method} ${path}`,
    method,
    path,
    parameters: (raw.parameters ?? []).map(resolve),
    bodyType: body?.[0],
    bodySchema: body && resolve(body[1].schema),
    isPublic: (raw.security ?? contract.security).length === 0,
    isEndless: 'text/event-stream' in (raw.responses[200]?.content ?? {}),
    raw: { ...raw, responses: Object.fromEntries(responses) },
  }
}

/** Follows a `$ref` within the document. */
export function resolve(node: Body): Body {
  if (!node.$ref) return node
  const parts = (node.$ref as string).slice(2).split('/')
  return parts.reduce((parent: Body, part) => parent[part.replaceAll('~1', '/')], contract)
}

/** A body that is not JSON, as the contract shows it. */
export const rawExampleOf = ({ raw, bodyType }: Operation): string =>
  (Object.values<Body>(raw.requestBody.content[bodyType!].examples)[0] as { value: string }).value

/** What may be null and has no other example. */
export const isNullByExample = ({ type, example }: Schema): boolean =>
  example === undefined && Array.isArray(type) && type.includes('null')

/** A value made of a schema's examples. @throws when a part has none: the contract must say how to call it */
export function exampleOf(unresolved: Schema, where = 'body'): unknown {
  const schema: Schema = resolve(unresolved)
  if (schema.example !== undefined) return schema.example
  if (isNullByExample(schema)) return null
  if (schema.oneOf) return exampleOf(schema.oneOf[0]!, where)
  if (schema.properties)
    return Object.fromEntries(
      Object.entries(schema.properties).map(([name, part]) => [name, exampleOf(part, `${where}.${name}`)]),
    )
  if (schema.items) return [exampleOf(schema.items, `${where}.0`)]
  throw new Error(`openapi.json has no example for ${where}`)
}
