import type { FastifyInstance } from 'fastify'
import { Problem } from './problem.js'

/**
 * Bodies are taken as they are: a coding such as gzip is 415, and `Accept-Encoding` says what would be taken
 * (RFC 9110 12.5.3, 15.5.16). Decoding would let few bytes become many. Once it is settled who asks.
 */
export function refuseCodings(fastify: FastifyInstance): void {
  fastify.addHook('preParsing', async (request, reply) => {
    const coding = request.headers['content-encoding']?.trim().toLowerCase()
    if (!coding || coding === 'identity') return
    reply.header('accept-encoding', 'identity')
    throw new Problem(415, 'unsupported_content_coding', 'Send the body without Content-Encoding')
  })
}
