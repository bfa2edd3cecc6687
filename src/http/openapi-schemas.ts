import type { OpenAPIObject } from '@nestjs/swagger'
import type { Operation } from './openapi-errors.js'

interface Schema {
  $ref?: string
  type?: unknown
  enum?: unknown[]
  minimum?: number
  default?: unknown
  properties?: Record<string, Schema>
  additionalProperties?: unknown
  items?: Schema
  required?: string[]
  anyOf?: object[]
}

/** What the types of TypeScript cannot tell, or tell in another order from build to build. */
export function correctSchemas({ paths, components }: OpenAPIObject): void {
  const schemas = (components?.schemas ?? {}) as Record<string, Schema>
  for (const schema of Object.values(schemas)) {
    correct('', schema)
    // Validation refuses properties that it does not know, and answers are made of what a view names.
    if (schema.properties) schema.additionalProperties ??= false
  }
  for (const operation of Object.values(paths).flatMap((item) => Object.values(item) as Operation[])) {
    correctParameters(operation)
    needOneOf(operation, schemas)
  }
}

function correctParameters({ parameters = [] }: Operation): void {
  for (const parameter of parameters) {
    if (!('name' in parameter)) continue
    const schema = parameter.schema as Schema
    correct(parameter.name, schema)
    if (/^id$|Id$/.test(parameter.name)) Object.assign(schema, { minimum: 1, maximum: MAX_ID })
    if (schema.default !== undefined) parameter.required = false
  }
}

/** What `IdPipe` takes. */
const MAX_ID = 999_999_999_999_999

/** Puts what `@NeedsOneOf` says of a body into its schema. */
function needOneOf(operation: Operation, schemas: Record<string, Schema>): void {
  const sets = operation['x-needs']
  if (!sets) return
  const [{ schema } = {}] = Object.values((operation.requestBody as { content: object }).content)
  const name = (schema as Schema).$ref!.split('/').at(-1)!
  schemas[name]!.anyOf = sets.map((required) => ({ required }))
  delete operation['x-needs']
}

function correct(name: string, schema: Schema): void {
  // Numbers are ids and counts, which are whole; only time and shares have fractions.
  if (!/(Minutes|Percent|[sS]econds)$/.test(name)) schema.type = wholeNumber(schema.type)
  // The compiler orders a union by when it first met its members.
  if (schema.enum) schema.enum = schema.enum.toSorted(byText)
  if (schema.items) correct(name, schema.items)
  for (const [key, property] of Object.entries(schema.properties ?? {})) correct(key, property)
}

const byText = (a: unknown, b: unknown) =>
  Number(a === null) - Number(b === null) || (String(a) < String(b) ? -1 : 1)

function wholeNumber(type: unknown): unknown {
  return Array.isArray(type) ? type.map(wholeNumber) : type === 'number' ? 'integer' : type
}
