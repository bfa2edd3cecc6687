import type { FastifyInstance } from 'fastify'
import { Problem } from './problem.js'

/**
 * Tells a path that is there from one that is not: another method than the path has is 405 with `Allow`
 * (RFC 9110 15.5.6), and OPTIONS is answered with what there is (9.3.7). Routes that are added later count too.
 */
export function tellMethods(fastify: FastifyInstance): void {
  const methodsOf = new Map<string, Set<string>>()
  fastify.addHook('onRoute', ({ url, method }) => {
    if (url.includes('*')) return
    const methods = methodsOf.get(url) ?? new Set()
    for (const name of [method].flat()) methods.add(name)
    methodsOf.set(url, methods)
  })
  fastify.addHook('onRequest', async ({ method, url, is404 }, reply) => {
    const path = url.split('?')[0]!
    // A path without parameters comes first: the router would take DELETE /emails/inbound for that of an email.
    const methods = methodsOf.get(path) ?? (is404 ? methodsAt(path, methodsOf) : undefined)
    if (!methods || methods.has(method)) return
    const allowed = [...methods, 'OPTIONS'].toSorted().join(', ')
    reply.header('allow', allowed)
    if (method === 'OPTIONS') return reply.code(204).send()
    throw new Problem(405, 'method_not_allowed', `This path is for ${allowed}`)
  })
}

function methodsAt(path: string, methodsOf: Map<string, Set<string>>): Set<string> | undefined {
  const found = [...methodsOf].filter(([pattern]) => leadsTo(pattern, path))
  return found.length > 0 ? new Set(found.flatMap(([, methods]) => [...methods])) : undefined
}

/** Whether a path is one of a route's, such as `/api/emails/:id`. */
function leadsTo(pattern: string, path: string): boolean {
  const parts = path.split('/')
  const wanted = pattern.split('/')
  return (
    parts.length === wanted.length &&
    wanted.every((part, index) => (part.startsWith(':') ? parts[index] !== '' : part === parts[index]))
  )
}
