import type { OpenAPIObject } from '@nestjs/swagger'

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']> & {
  'x-public'?: boolean
  'x-roles'?: string[]
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
      items: {
        type: 'object',
        required: ['field', 'message'],
        properties: { field: { type: 'string' }, message: { type: 'string' } },
      },
    },
    requestId: { type: 'string', description: 'Also in the header x-request-id, and in the log.' },
  },
} as const

const ERRORS: Record<number, [title: string, code: string, detail: string]> = {
  400: ['Bad Request', 'validation_failed', 'subject must be a string'],
  401: ['Unauthorized', 'unauthorized', 'A valid access token is needed: Authorization: Bearer …'],
  403: ['Forbidden', 'forbidden', 'This needs the role admin'],
  404: ['Not Found', 'not_found', 'There is no such email'],
  409: ['Conflict', 'email_resolved', 'This email is resolved; reopen it first'],
  413: ['Payload Too Large', 'payload_too_large', 'Request body is too large'],
  415: ['Unsupported Media Type', 'unsupported_media_type', 'Unsupported Media Type'],
  422: [
    'Unprocessable Entity',
    'idempotency_key_reused',
    'This Idempotency-Key was used for another request',
  ],
  503: ['Service Unavailable', 'database_unavailable', 'The database does not answer'],
}

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'The same key with the same request is carried out once; repeats get the first answer.',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
} as const

/** Says of every operation which errors it may answer, by the same rules that raise them. */
export function describeErrors(document: OpenAPIObject): OpenAPIObject {
  document.components ??= {}
  document.components.schemas = { ...document.components.schemas, Problem: PROBLEM_SCHEMA as never }
  for (const [path, item] of Object.entries(document.paths))
    for (const [method, operation] of Object.entries(item) as [string, Operation][]) {
      for (const status of errorsOf(path, method, operation))
        operation.responses[status] ??= problemResponse(status)
      if (method === 'post' && !operation['x-public']) (operation.parameters ??= []).push(IDEMPOTENCY_KEY)
      if (operation['x-public']) operation.security = []
    }
  return document
}

function errorsOf(path: string, method: string, operation: Operation): number[] {
  const takesInput = operation.requestBody !== undefined || (operation.parameters ?? []).length > 0
  return [
    ...(takesInput || method === 'post' ? [400] : []),
    ...(operation['x-public'] && !path.includes('/auth/') ? [] : [401]),
    ...(operation['x-roles'] ? [403] : []),
    ...(/\{|subscribe$/.test(path) && method !== 'post' ? [404] : path.includes('{') ? [404] : []),
    ...(method === 'post' || method === 'patch' ? [409] : []),
    ...(operation.requestBody ? [413, 415] : []),
    ...(method === 'post' && !operation['x-public'] ? [422] : []),
    ...(path.endsWith('/health/ready') ? [503] : []),
  ]
}

function problemResponse(status: number) {
  const [title, code, detail] = ERRORS[status]!
  const example = {
    type: 'about:blank',
    title,
    status,
    code,
    detail,
    requestId: '018f3e2c-7a51-7b1e-9a51-3c1f8c0d2b7e',
  }
  const schema = { $ref: '#/components/schemas/Problem' }
  return { description: title, content: { 'application/problem+json': { schema, example } } }
}
