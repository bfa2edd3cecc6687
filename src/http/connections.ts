import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { Problem } from './problem.js'

/** Connections beyond the most that are still let in: to be told so, and to ask how we are. */
const SPARE = 64
const HEALTH = '/api/health/'

/**
 * Bounds the connections that are open at a time. One too many may ask for our health, and is otherwise told 503 and closed;
 * of many too many Node closes the rest unheard.
 */
export function boundConnections(fastify: FastifyInstance, most: number): void {
  const { server } = fastify
  const surplus = new WeakSet<Socket>()
  let open = 0
  server.maxConnections = most + SPARE
  server.on('connection', (socket: Socket) => {
    if (++open > most) surplus.add(socket)
    socket.once('close', () => open--)
  })
  fastify.addHook('onRequest', async ({ raw, url }, reply) => {
    if (!surplus.has(raw.socket)) return
    reply.header('connection', 'close') // so that its place is free for the next
    if (!url.startsWith(HEALTH))
      throw new Problem(503, 'too_many_connections', `This process serves ${most} connections; try again`)
  })
}

/** A request that still comes in over a kept connection while the process stops. Fastify's own answer is no problem. */
export function refuseWhenClosing(fastify: FastifyInstance): void {
  let isClosing = false
  fastify.addHook('preClose', async () => {
    isClosing = true
  })
  fastify.addHook('onRequest', async () => {
    if (isClosing) throw new Problem(503, 'stopping', 'This process is stopping; try again')
  })
}
