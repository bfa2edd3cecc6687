import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { Body } from './api-client.js'
import { contract, operations, type Operation } from './contract.js'

/** Judges answers by openapi.json: whoever calls the API in a test proves, by the way, that its contract is true. */

export const ajv = new Ajv2020({ strict: false, allErrors: true })
addFormats.default(ajv)
ajv.addSchema({ ...contract, $id: 'contract' })

export interface Answer {
  method: string
  /** With its query. */
  path: string
  status: number
  contentType: string
  /** Parsed where it is JSON. */
  body: Body
}

/** The operations that were answered with success, by their names: of all files that ran in this process. */
export const answered = new Set<string>()

/** What a request may be answered before its operation is found. */
const BEFORE = [204, 400, 401, 404, 405, 408, 417, 431]
const validators = new Map<object, ValidateFunction>()

/** @returns what the contract does not say of this answer */
export function offContract({ method, path, status, contentType, body }: Answer): string | undefined {
  const operation = operationAt(method === 'HEAD' ? 'GET' : method, path)
  if (!operation) return BEFORE.includes(status) ? undefined : `${status} where there is no operation`
  const response = operation.raw.responses[status]
  // A process with the role worker has none of them.
  if (!response) return /role worker/.test(body?.detail) ? undefined : `${status} is not documented`
  if (status < 300) answered.add(operation.name)
  if (method === 'HEAD') return undefined
  if (!response.content) return body === '' ? undefined : `${status} should have no body`
  const [type] = contentType.split(';')
  const media = response.content[type!]
  if (!media) return `${status} is not documented with ${contentType || 'no type'}`
  if (!type!.endsWith('json')) return undefined
  const validate = validatorOf(media.schema)
  return validate(body) ? undefined : `${status} is not of its schema: ${ajv.errorsText(validate.errors)}`
}

/** Paths without parameters come first, as OpenAPI says. */
function operationAt(method: string, path: string): Operation | undefined {
  const [place] = path.replace(/^\/api\/webhooks\/subscribe\/(?=.)/, '/api/webhooks/').split('?')
  const [first] = operations
    .filter(({ path: pattern }) => leadsTo(pattern, place!.split('/')))
    .toSorted((a, b) => a.path.split('{').length - b.path.split('{').length)
  return operations.find((operation) => operation.path === first?.path && operation.method === method)
}

function leadsTo(pattern: string, parts: string[]): boolean {
  const wanted = pattern.split('/')
  return (
    wanted.length === parts.length &&
    wanted.every((part, index) => part.startsWith('{') || part === parts[index])
  )
}

function validatorOf(schema: Body): ValidateFunction {
  const known = validators.get(schema) ?? ajv.compile(inContract(schema))
  validators.set(schema, known)
  return known
}

const inContract = (schema: object) =>
  JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"contract#/')) as object

/** @throws Error where the answer is not what the contract says */
export function mustBeInContract(answer: Answer): void {
  const complaint = offContract(answer)
  if (complaint)
    throw new Error(`${answer.method} ${answer.path}: ${complaint}\n${JSON.stringify(answer.body)}`)
}
