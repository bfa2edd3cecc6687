import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { EVENT_NAMES, type EventName } from '../../src/events/catalogue.js'
import { eventSchema } from '../../src/webhooks/event-schemas.js'
import type { Body } from './api-client.js'

// Strict: a keyword that is misspelt, or belongs to another type, is an error.
const ajv = new Ajv2020({ strict: true, allErrors: true })
addFormats.default(ajv)

const validators = new Map<string, ValidateFunction>(
  EVENT_NAMES.map((name) => [name, ajv.compile(closed(eventSchema(name)))]),
)

/**
 * What is wrong with a delivered body by the published schema of its event, read as strictly as can be: a property that
 * the schema does not know is wrong too.
 */
export const problemsWith = (delivered: Body): unknown[] => schemaErrors(delivered.event, delivered)

export function schemaErrors(name: EventName, body: unknown): unknown[] {
  const validate = validators.get(name)
  if (!validate) return [`There is no event ${name}`]
  return validate(body)
    ? []
    : validate.errors!.map(({ instancePath, message }) => `${instancePath} ${message}`)
}

/** Receivers must not mind a new property, but a test must: the schema would have forgotten it. */
export function closed(schema: unknown): Body {
  if (Array.isArray(schema)) return schema.map(closed)
  if (schema === null || typeof schema !== 'object') return schema
  const parts = Object.fromEntries(Object.entries(schema).map(([key, part]) => [key, closed(part)]))
  return 'properties' in schema ? { ...parts, additionalProperties: false } : parts
}
