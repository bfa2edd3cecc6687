import type { FastifyInstance, FastifyRequest } from 'fastify'
import { MIB, USUAL_BODY_LIMIT } from './bodies.js'
import { Problem } from './problem.js'

/** The longest body of any route: whatever the budget, a tenant can send one. */
const LONGEST = 25 * MIB
const NOBODY = ''

/**
 * Bounds the bytes of bodies that this process holds: each within its limit, many together would take all memory. Bytes count
 * as they come in, since announcing costs nothing, until the answer has gone. A tenant may hold a quarter of them; one
 * sixteenth is kept for those who sign in.
 *
 * @param most bytes; what would go beyond is answered 503
 */
export function boundBodies(fastify: FastifyInstance, most: number): void {
  const budget = new Budget(most)
  const refused = new WeakSet<FastifyRequest>()
  fastify.addHook('preParsing', (request, reply, payload, done) => {
    const { headers, method, raw, user } = request
    const { socket } = raw
    const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
    // Whoever left while it was found out who asks has closed: nothing more comes, and nothing would give back.
    if (!hasBody || method === 'GET' || method === 'HEAD' || socket.destroyed) return done(null, payload)
    const tenant = user?.tenantId ?? NOBODY
    const { bodyLimit = USUAL_BODY_LIMIT } = request.routeOptions
    let seen = 0
    let mine = 0
    let isOver = false
    const giveBack = () => {
      isOver = true
      socket.off('close', giveBack)
      budget.giveBack(tenant, mine)
      mine = 0
    }
    reply.raw.once('close', giveBack)
    // One of many requests sent at once, whose turn to be answered never came, hears of nothing else.
    socket.setMaxListeners(0).once('close', giveBack)
    payload.on('data', ({ length }: Buffer) => {
      seen += length
      // What comes after a refusal runs out, so that its sender reads the answer and not a reset; but not for ever.
      if (isOver) return void (seen > 2 * bodyLimit && socket.destroy())
      const isTooLong = seen > bodyLimit // which Fastify refuses
      if (!isTooLong && budget.take(tenant, length)) return void (mine += length)
      giveBack()
      refused.add(request)
      if (!isTooLong) payload.emit('error', tooMuch())
    })
    done(null, payload)
  })
  fastify.addHook('onSend', async (request, reply) => {
    if (refused.has(request)) reply.removeHeader('connection') // Fastify's `close` would cut the rest off
  })
}

class Budget {
  private readonly held = new Map<string, number>()
  private ofTenants = 0
  private readonly ofNobody: number
  private readonly each: number

  constructor(private readonly most: number) {
    this.ofNobody = most / 16
    this.each = Math.max(most / 4, LONGEST)
  }

  /** Whether there is room for so many bytes more. */
  take(tenant: string, bytes: number): boolean {
    const held = (this.held.get(tenant) ?? 0) + bytes
    const isWithin =
      tenant === NOBODY
        ? held <= this.ofNobody
        : held <= this.each && this.ofTenants + bytes <= this.most - this.ofNobody
    if (isWithin) this.hold(tenant, held, bytes)
    return isWithin
  }

  giveBack(tenant: string, bytes: number): void {
    if (bytes > 0) this.hold(tenant, this.held.get(tenant)! - bytes, -bytes)
  }

  private hold(tenant: string, held: number, change: number): void {
    if (held > 0) this.held.set(tenant, held)
    else this.held.delete(tenant)
    if (tenant !== NOBODY) this.ofTenants += change
  }
}

const tooMuch = () =>
  new Problem(
    503,
    'busy',
    'This process holds as many request bodies as it may, of all or of your tenant; try again',
  )
