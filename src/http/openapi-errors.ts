import { STATUS_CODES } from 'node:http'
import type { OpenAPIObject } from '@nestjs/swagger'
import { HEADERS, headersOf } from './openapi-headers.js'

export type Operation = NonNullable<OpenAPIObject['paths'][string]['get']> & {
  'x-public'?: boolean
  'x-roles'?: string[]
  'x-errors'?: number[]
  'x-needs'?: string[][]
}

const PROBLEM_SCHEMA = {
  type: 'object',
  description: 'RFC 9457 problem details.',
  required: ['type', 'title', 'status', 'code', 'detail', 'requestId'],
  properties: {
    type: { type: 'string', examples: ['about:blank'] },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', description: 'Stable and machine-readable.' },
    detail: { type: 'string', description: 'A sentence for a person.' },
    errors: {
      type: 'array',
      description: 'Which parts of the input are wrong.',
      items: {
        type: 'object',
        required: ['field', 'message'],
        properties: { field: { type: 'string' }, message: { type: 'string' } },
        additionalProperties: false,
      },
    },
    requestId: { type: 'string', description: 'Also in the header x-request-id, and in the log.' },
  },
  additionalProperties: false,
} as const

/** What each status stands for: an example of its code and detail. */
const ERRORS: Record<number, [code: string, detail: string]> = {
  400: ['validation_failed', 'subject must be a string'],
  401: ['unauthorized', 'A valid access token is needed: Authorization: Bearer …'],
  403: ['forbidden', 'This needs the role admin'],
  404: ['not_found', 'There is no such email'],
  409: ['email_resolved', 'This email is resolved; reopen it first'],
  413: ['payload_too_large', 'Request body is too large'],
  415: ['unsupported_media_type', 'Unsupported Media Type'],
  422: ['idempotency_key_reused', 'This Idempotency-Key was used for another request'],
  429: ['too_many_streams', 'There are 20 streams open; close one first'],
  503: ['database_unavailable', 'The database does not answer; try again'],
}

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'The same key with the same request is carried out once; repeats get the first answer, for 24 hours. It is yours and ' +
    'this operation’s: another person’s, or another operation’s, is another key. What fails is not kept. ' +
    'An answer above 64 KiB is not kept either: its repeats are 409 `already_carried_out`.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
} as const

/** Says of every operation which errors it may answer, by the same rules that raise them. */
export function describeErrors(document: OpenAPIObject): OpenAPIObject {
  const responses = Object.keys(ERRORS).map((status) => [
    nameOf(Number(status)),
    problemResponse(Number(status)),
  ])
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, Problem: PROBLEM_SCHEMA as never },
    responses: Object.fromEntries(responses) as never,
    parameters: { IdempotencyKey: IDEMPOTENCY_KEY },
    headers: HEADERS,
  }
  for (const [path, item] of Object.entries(document.paths))
    for (const [method, operation] of Object.entries(item) as [string, Operation][]) {
      const isKeyed = method === 'post' && !operation['x-public']
      for (const response of Object.values(operation.responses))
        Object.assign(response!, { headers: headersOf(isKeyed ? 'keyed' : 'success') })
      for (const status of errorsOf(path, method, operation))
        operation.responses[status] ??= { $ref: `#/components/responses/${nameOf(status)}` }
      if (isKeyed) (operation.parameters ??= []).push({ $ref: '#/components/parameters/IdempotencyKey' })
      if (operation['x-public']) operation.security = []
      delete operation['x-errors'] // said by the responses
    }
  return document
}

function errorsOf(path: string, method: string, operation: Operation): number[] {
  const isPublic = operation['x-public'] === true
  const takesId = (operation.parameters ?? []).some(
    (parameter) => 'name' in parameter && /^id$|Id$/.test(parameter.name),
  )
  return [
    400, // whatever takes no input refuses a query that holds a NUL
    ...(!isPublic || /\/(login|refresh)$/.test(path) ? [401] : []),
    ...(operation['x-roles'] ? [403] : []),
    ...(takesId ? [404] : []),
    // A body is read wherever it may be sent, also where none is needed.
    ...(method === 'get' ? [] : [409, 413, 415]),
    ...(method === 'post' && !isPublic ? [422] : []),
    ...(path.endsWith('/health/live') ? [] : [503]),
    ...(operation['x-errors'] ?? []),
  ]
}

function problemResponse(status: number) {
  const [code, detail] = ERRORS[status]!
  const title = STATUS_CODES[status]!
  const requestId = '018f3e2c-7a51-7b1e-9a51-3c1f8c0d2b7e'
  const example = { type: 'about:blank', title, status, code, detail, requestId }
  const schema = { $ref: '#/components/schemas/Problem' }
  const content = { 'application/problem+json': { schema, example } }
  return { description: title, headers: headersOf(status), content }
}

const nameOf = (status: number) => STATUS_CODES[status]!.replaceAll(/\W/g, '')
