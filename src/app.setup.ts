import { randomUUID } from 'node:crypto'
import helmet from '@fastify/helmet'
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify'
import { LogController, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Logger } from 'pino'
import { Config } from './config/config.js'
import { JwtGuard } from './auth/auth.guard.js'
import { boundRest, limitBodies, MIB, pathOf, refuseUnread, USUAL_BODY_LIMIT } from './http/bodies.js'
import { boundBodies } from './http/body-budget.js'
import { clientOf, trustIn, warnOfUnknownProxy } from './http/client-address.js'
import { refuseMalformed } from './http/client-errors.js'
import { boundConnections, refuseWhenClosing } from './http/connections.js'
import { refuseCoding } from './http/content-coding.js'
import { letOriginsIn } from './http/cors.js'
import { acceptJson, refuseUnstorable } from './http/json-body.js'
import { tellMethods } from './http/methods.js'
import { serveDocs } from './http/openapi.js'
import { refuseUndecodable } from './http/percent-encoding.js'
import { asProblem, sendProblem } from './http/problem.filter.js'
import { Problem } from './http/problem.js'
import { refuseUnmet } from './http/unmet-requests.js'

const REQUEST_ID = /^[\w-]{1,64}$/

/** The HTTP server with its limits: a request has 30 s and 16 KiB of headers. */
export function createAdapter(logger: Logger): FastifyAdapter {
  const adapter: FastifyAdapter = new FastifyAdapter({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }), // one line a request, from the hook below
    bodyLimit: USUAL_BODY_LIMIT,
    requestTimeout: 30_000,
    return503OnClosing: false, // refuseWhenClosing does, with a problem
    keepAliveTimeout: 72_000,
    forceCloseConnections: 'idle',
    genReqId: ({ headers }: IncomingMessage) => {
      const given = String(headers['x-request-id'] ?? '')
      return REQUEST_ID.test(given) ? given : randomUUID()
    },
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) =>
      sendProblem(reply, asProblem(error), request.id),
    clientErrorHandler: refuseMalformed,
    // What is late, or says nothing at all, is looked for each second; every 30 s would do for Node.
    // A missing Host is refused by refuseUnmet, with a problem.
    http: {
      maxHeaderSize: 16 * 1024,
      headersTimeout: 10_000,
      connectionsCheckingInterval: 1_000,
      requireHostHeader: false,
    },
    routerOptions: { maxParamLength: 200 },
    // Fastify wants this before there is a configuration; setUp says it.
    trustProxy: (address, hop) => adapter.getInstance<FastifyInstance>().trusts(address, hop),
  })
  return adapter
}

/** What main and the tests share: everything between the socket and the controllers. */
export async function setUp(app: NestFastifyApplication): Promise<void> {
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance
  fastify.decorate('trusts', trustIn(app.get(Config).TRUST_PROXY))
  app.setGlobalPrefix('api')
  await app.register(helmet as never, {
    contentSecurityPolicy: { directives: swaggerPolicy },
    strictTransportSecurity: false, // requireHttps, where there is https
  })
  letOriginsIn(app, app.get(Config).CORS_ORIGINS)
  acceptJson(fastify)
  acceptRaw(fastify, 'message/rfc822')
  acceptRaw(fastify, 'text/calendar')
  addHooks(fastify, app.get(Config))
  refuseUnmet(fastify)
  warnOfUnknownProxy(fastify, app.get(Config))
  refuseWhenClosing(fastify)
  boundConnections(fastify, app.get(Config).MAX_CONNECTIONS)
  requireHttps(fastify, app.get(Config).PUBLIC_URL)
  tellMethods(fastify)
  letGoOfIdleConnections(fastify)
  surviveServerErrors(fastify)
  // Nothing is read of a body before it is clear who asks, and that the route takes it.
  limitBodies(fastify)
  fastify.addHook('onRequest', (request, reply) => app.get(JwtGuard).admit(request, reply))
  fastify.addHook('onRequest', refuseUnread)
  fastify.addHook('onResponse', boundRest)
  fastify.addHook('onRequest', refuseCoding)
  boundBodies(fastify, app.get(Config).BODIES_MB * MIB)
  serveDocs(app)
}

/** Swagger UI styles itself inline; everything else comes from here. */
const swaggerPolicy = {
  defaultSrc: ["'self'"],
  styleSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", 'data:'],
  scriptSrc: ["'self'"],
  // Plain http on a private network is a legal way to run this.
  upgradeInsecureRequests: null,
}

/** HSTS is a promise that https works: made only by whom a browser reaches that way, here or at a proxy before us. */
function requireHttps(fastify: FastifyInstance, publicUrl = ''): void {
  fastify.addHook('onRequest', async ({ protocol }, reply) => {
    if (protocol === 'https' || publicUrl.startsWith('https:'))
      reply.header('strict-transport-security', 'max-age=31536000; includeSubDomains')
  })
}

/** Hands a body on as the bytes that came. */
function acceptRaw(fastify: FastifyInstance, type: string): void {
  fastify.addContentTypeParser(type, { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
}

function addHooks(fastify: FastifyInstance, config: Config): void {
  const isWorkerOnly = !config.PROCESS_ROLES.includes('api')
  fastify.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
    clientOf(request)
    reply.raw.once('close', () => {
      if (!reply.raw.writableFinished) tell(request, reply, 'request cut off')
    })
    if (isWorkerOnly && !request.url.startsWith('/api/health/'))
      throw new Problem(404, 'not_found', 'This process has the role worker: it answers only /api/health')
  })
  fastify.addHook('preValidation', async (request) => {
    refuseUndecodable(request.url)
    refuseUnstorable(request.query)
    refuseUnstorable(request.params)
  })
  fastify.addHook('onResponse', async (request, reply) => tell(request, reply, 'request'))
}

/** One line, without the query: that asks for words of mail and for addresses of customers. */
function tell(request: FastifyRequest, reply: FastifyReply, what: string): void {
  const { method, url, log, user } = request
  const who = { client: clientOf(request), userId: user?.userId, tenantId: user?.tenantId }
  const { statusCode: status, elapsedTime } = reply
  log.info({ method, url: pathOf(url), ...who, status, ms: Math.round(elapsedTime) }, what)
}

/**
 * Fastify closes the connections that are idle when a stop begins. One whose request was under way falls idle later,
 * and its client's pool would hold the stop up until keepAliveTimeout. One that never had a request is not idle for Node
 * and would be waited for without end: browsers and pools open some in advance, or after a request that they gave up.
 */
function letGoOfIdleConnections(fastify: FastifyInstance): void {
  let timer: NodeJS.Timeout
  const unused = new Set<Socket>()
  fastify.server.on('connection', (socket: Socket) => {
    unused.add(socket)
    socket.once('close', () => unused.delete(socket))
  })
  fastify.server.on('request', ({ socket }: IncomingMessage) => unused.delete(socket))
  fastify.addHook('preClose', async () => {
    timer = setInterval(() => {
      fastify.server.closeIdleConnections()
      for (const socket of unused) socket.destroy()
    }, 50)
  })
  fastify.addHook('onClose', async () => clearInterval(timer))
}

/** Once it listens, what goes wrong is one connection's, such as the one for which there is no file descriptor left. */
function surviveServerErrors({ server, log }: FastifyInstance): void {
  server.once('listening', () => server.on('error', (error) => log.error(error, 'The HTTP server')))
}
