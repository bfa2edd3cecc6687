import { Transform, pipeline } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { Problem } from './problem.js'

/**
 * Bounds the bytes of bodies that this process holds: each within its limit, many together would take all memory. A body
 * counts from when it is announced, or as it comes in where its length is not said, until the answer has gone.
 *
 * @param most bytes; what would go beyond is answered 503
 */
export function boundBodies(fastify: FastifyInstance, most: number): void {
  let held = 0
  fastify.addHook('preParsing', (request, reply, payload, done) => {
    const { 'content-length': length, 'transfer-encoding': coding } = request.headers
    if (length === undefined && coding === undefined) return done(null, payload)
    let mine = 0
    const isWithin = (bytes: number): boolean => {
      if (held + bytes > most) return false
      held += bytes
      mine += bytes
      return true
    }
    reply.raw.once('close', () => (held -= mine))
    if (length !== undefined) return isWithin(Number(length)) ? done(null, payload) : done(tooMuch())
    const counted = new Transform({
      transform: (chunk: Buffer, _encoding, next) =>
        isWithin(chunk.length) ? next(null, chunk) : next(tooMuch()),
    })
    done(
      null,
      pipeline(payload, counted, () => {}),
    )
  })
}

const tooMuch = () =>
  new Problem(503, 'busy', 'This process holds as many request bodies as it may; try again') as Error
