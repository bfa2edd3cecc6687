import type { NestFastifyApplication } from '@nestjs/platform-fastify'
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger'
import { STATUS_CODES } from 'node:http'
import { VERSION } from '../config/version.js'
import { describeErrors, type Operation } from './openapi-errors.js'
import { correctSchemas } from './openapi-schemas.js'

const DESCRIPTION = `A shared support mailbox that answers on time: it takes mail in, runs a reply clock for every
message that needs an answer, warns and alerts, and tells other systems through signed webhooks.

- **Start** with \`POST /api/auth/register\`, then press *Authorize* and give the \`accessToken\` of the answer.
- **Errors** are problem details (RFC 9457): programs read \`code\`, people read \`detail\`.
- **Lists** come in pages: pass \`nextCursor\` as \`cursor\` until it is null.
- **Repeats** are safe: a POST with an \`Idempotency-Key\` is carried out once.
- **Instants** are ISO 8601 in UTC. What belongs to another account is not found.
- **Paths** that there are have 405 with \`Allow\` for other methods, and 204 with it for OPTIONS; HEAD goes where GET does.
- **Before** an operation is found, a request may be 400 (not HTTP/1.1), 404 (no such path, or a process with the role
  worker), 408 (too slow), 417 (an \`Expect\` that is not known) or 431 (headers above 16 KiB).`

/** By the first part of the path, in the order a newcomer needs them. */
const TAGS: Record<string, { name: string; description: string }> = {
  auth: { name: 'Auth', description: 'Accounts and sessions.' },
  emails: { name: 'Emails', description: 'The mailbox: take in, sort, assign, answer, close.' },
  'customer-tiers': { name: 'Customer tiers', description: 'Whose mail gets which tier when it arrives.' },
  team: { name: 'Team', description: 'The people who answer.' },
  sla: { name: 'SLA settings', description: 'How soon an answer is due.' },
  alerts: { name: 'Alerts', description: 'Warnings and breaches that need a person.' },
  events: { name: 'Events', description: 'The stored stream: every event, to list and to follow.' },
  webhooks: { name: 'Webhooks', description: 'Other systems that hear of events.' },
  health: { name: 'Health', description: 'For load balancers and operators.' },
}

/** Swagger UI at /docs, the contract itself at /docs/openapi.json. */
export function serveDocs(app: NestFastifyApplication): void {
  SwaggerModule.setup('docs', app, () => openApiDocument(app), {
    jsonDocumentUrl: 'docs/openapi.json',
    yamlDocumentUrl: 'docs/openapi.yaml',
    customSiteTitle: 'Punctual',
    customCss: '.swagger-ui .topbar { display: none }',
    swaggerOptions: {
      persistAuthorization: true,
      displayRequestDuration: true,
      tryItOutEnabled: true,
      defaultModelsExpandDepth: 0,
    },
  })
}

export function openApiDocument(app: NestFastifyApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Punctual')
    .setDescription(DESCRIPTION)
    .setVersion(VERSION)
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'The `accessToken` of a sign-in.' })
    .addSecurityRequirements('bearer')
    .build()
  const document = SwaggerModule.createDocument(app, config, { operationIdFactory })
  document.info.contact = { name: 'Whoever runs this installation' }
  document.info.license = { name: 'MIT', identifier: 'MIT' } as never
  document.servers = [{ url: '/', description: 'The one that serves this document.' }]
  document.tags = Object.values(TAGS)
  document.paths = inOrder(document.paths)
  for (const path of FORMER_PATHS) delete document.paths[path]
  for (const [path, item] of Object.entries(document.paths))
    for (const operation of Object.values(item) as Operation[]) describe(path, operation)
  correctSchemas(document)
  return describeErrors(document)
}

/** They still lead where they led, and would be mistaken for `/api/webhooks/{id}/logs` and the like. */
const FORMER_PATHS = ['/api/webhooks/subscribe/{id}']

/** Of a controller with two paths Nest numbers the methods: the ids that go with FORMER_PATHS need not differ. */
const operationIdFactory = (controller: string, method: string) =>
  `${controller.replace('Controller', '')}_${method.replace(/\[\d+\]$/, '')}`

/** Whole collections before what is inside them, tag by tag. */
function inOrder(paths: OpenAPIObject['paths']): OpenAPIObject['paths'] {
  const tags = Object.keys(TAGS)
  const rank = (path: string) => tags.indexOf(partOf(path)) * 100 + path.split('/').length
  return Object.fromEntries(Object.entries(paths).toSorted(([a], [b]) => rank(a) - rank(b)))
}

/** A doc comment's first sentence is the summary; the rest, and who may, is the description. */
function describe(path: string, operation: Operation): void {
  operation.tags = [TAGS[partOf(path)]?.name ?? 'Other']
  const [, summary, rest] = /^(.+?)(?:\.|(?<=\?))(?:\s+(.*))?$/s.exec(operation.summary ?? '') ?? []
  if (summary) operation.summary = summary
  operation.description = [rest, whoMay(operation)].filter(Boolean).join(' ')
  for (const [status, response] of Object.entries(operation.responses) as [string, Answer][]) {
    response.description ||= STATUS_CODES[status] ?? ''
    // Nest drops the media type of an answer that has no schema: those are files.
    if (status === '200') response.content ??= { 'application/octet-stream': {} }
  }
}

function whoMay(operation: Operation): string {
  if (operation['x-public']) return 'Needs no credential.'
  return operation['x-roles'] ? `Needs the role ${operation['x-roles'].join(' or ')}.` : 'Every role may.'
}

const partOf = (path: string) => path.split('/')[2] ?? ''

interface Answer {
  description?: string
  content?: object
}
