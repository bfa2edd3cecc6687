import type { FastifyInstance } from 'fastify'
import { pathOf } from './bodies.js'
import { Problem } from './problem.js'

/** Characters. No path of ours is nearly as long; what is longer is looked at no further. */
const LONGEST = 1_000

interface KnownPath {
  /** Of a pattern such as `/api/emails/:id`, split once: strangers ask for paths of thousands of parts. */
  parts: string[]
  methods: Set<string>
}

/**
 * Tells a path that is there from one that is not: another method than the path has is 405 with `Allow`
 * (RFC 9110 15.5.6), and OPTIONS is answered with what there is (9.3.7). Routes that are added later count too.
 */
export function tellMethods(fastify: FastifyInstance): void {
  const known = new Map<string, KnownPath>()
  fastify.addHook('onRoute', ({ url, method }) => {
    if (url.includes('*')) return
    const path = known.get(url) ?? { parts: url.split('/'), methods: new Set() }
    for (const name of [method].flat()) path.methods.add(name)
    known.set(url, path)
  })
  fastify.addHook('onRequest', async ({ method, url, is404 }, reply) => {
    const path = pathOf(url)
    if (path.length > LONGEST) return
    // A path without parameters comes first: the router would take DELETE /emails/inbound for that of an email.
    const methods = known.get(path)?.methods ?? (is404 ? methodsAt(path, [...known.values()]) : undefined)
    if (!methods || methods.has(method)) return
    const allowed = [...methods, 'OPTIONS'].toSorted().join(', ')
    reply.header('allow', allowed)
    if (method === 'OPTIONS') return reply.code(204).send()
    throw new Problem(405, 'method_not_allowed', `This path is for ${allowed}`)
  })
}

function methodsAt(path: string, known: KnownPath[]): Set<string> | undefined {
  const parts = path.split('/')
  const found = known.filter((one) => leadsTo(one.parts, parts))
  return found.length > 0 ? new Set(found.flatMap(({ methods }) => [...methods])) : undefined
}

/** Whether a path is one of a route's. */
const leadsTo = (wanted: string[], parts: string[]): boolean =>
  parts.length === wanted.length &&
  wanted.every((part, index) => (part.startsWith(':') ? parts[index] !== '' : part === parts[index]))
