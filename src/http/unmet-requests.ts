import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { Problem } from './problem.js'

/** Answers with problems, and a line in the log, what Node would refuse with a bare status line. */
export function refuseUnmet(fastify: FastifyInstance): void {
  const unmet = new WeakSet<IncomingMessage>()
  fastify.server.on('checkExpectation', (request: IncomingMessage, response) => {
    unmet.add(request)
    fastify.server.emit('request', request, response)
  })
  fastify.addHook('onRequest', async ({ raw }, reply) => {
    if (unmet.has(raw))
      throw new Problem(417, 'expectation_failed', 'Expect: 100-continue is all that may be expected')
    if (raw.headers.host !== undefined || raw.httpVersion !== '1.1') return
    reply.header('connection', 'close') // whoever leaves it out may not end its requests where we do
    throw new Problem(400, 'malformed_request', 'A request of HTTP/1.1 has the header Host')
  })
}
