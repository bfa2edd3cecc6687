import type { FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from './problem.js'

/**
 * Bodies are taken as they are: a coding such as gzip is 415, and `Accept-Encoding` says what would be taken
 * (RFC 9110 12.5.3, 15.5.16). Decoding would let few bytes become many.
 */
export async function refuseCoding({ method, headers }: FastifyRequest, reply: FastifyReply): Promise<void> {
  const coding = headers['content-encoding']?.trim().toLowerCase()
  if (!coding || coding === 'identity' || method === 'GET' || method === 'HEAD') return
  reply.header('accept-encoding', 'identity')
  throw new Problem(415, 'unsupported_content_coding', 'Send the body without Content-Encoding')
}
