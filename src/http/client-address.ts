import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Config } from '../config/config.js'

/** Some proxies tell the port, too: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
const WITH_PORT = /^(?:(\d{1,3}(?:\.\d{1,3}){3})|\[([\da-f:.]{2,45})\]):\d{1,5}$/i

declare module 'fastify' {
  interface FastifyInstance {
    /** Whether the address, so many hops from here, is a proxy of ours: its word counts. */
    trusts: (address: string, hop: number) => boolean
  }
}

/** TRUST_PROXY as Fastify asks for it: how many proxies stand before us, or in which networks. */
export function trustIn(proxies: number | string[]): (address: string, hop: number) => boolean {
  if (typeof proxies === 'number') return (_, hop) => hop < proxies
  const networks = proxies.map((text) => ipaddr.parseCIDR(text))
  return (address) => {
    const parsed = isIP(address) ? ipaddr.process(address) : undefined
    return networks.some(
      ([network, bits]) => parsed?.kind() === network.kind() && parsed.match(network, bits),
    )
  }
}

/** Behind a proxy whose word does not count all clients are one, and share the limits of one. Said once. */
export function warnOfUnknownProxy(fastify: FastifyInstance, config: Config): void {
  if (config.NODE_ENV !== 'production' || trustsSome(config.TRUST_PROXY)) return
  let isSaid = false
  fastify.addHook('onRequest', async ({ headers, log }) => {
    if (isSaid || (headers['x-forwarded-for'] ?? headers.forwarded) === undefined) return
    isSaid = true
    log.warn(
      'A request tells of a proxy, and TRUST_PROXY names none: if one stands before this, all clients count as one, and ' +
        'few wrong passwords refuse everybody. Set TRUST_PROXY',
    )
  })
}

const trustsSome = (proxies: number | string[]) =>
  typeof proxies === 'number' ? proxies > 0 : proxies.length > 0

const clients = new WeakMap<FastifyRequest, string>()

/** A connection that has closed tells no address any more: asked for first when a request comes. */
export function clientOf(request: FastifyRequest): string {
  const client = clients.get(request) ?? readClient(request)
  clients.set(request, client)
  return client
}

/** Where a request comes from, as far as proxies of ours tell. What is no address is one's neighbour's. */
function readClient(request: FastifyRequest): string {
  const told = (request.ip as string | undefined)?.slice(0, 64) ?? ''
  const [, v4, v6] = WITH_PORT.exec(told) ?? []
  const address = v4 ?? v6 ?? told
  return isIP(address) ? ipaddr.process(address).toString() : (request.socket.remoteAddress ?? '')
}

/** What clients are counted by: an IPv6 network of 64 bits is one household or one machine, with 2^64 addresses. */
export function networkOf(client: string): string {
  if (!isIP(client)) return client
  const address = ipaddr.process(client)
  return address instanceof ipaddr.IPv6 ? address.parts.slice(0, 4).join(':') : address.toString()
}

/** What one customer may have of IPv6 at most, as a rule: 65,536 of the networks above. None of an IPv4 client. */
export function siteOf(client: string): string | undefined {
  const address = isIP(client) ? ipaddr.process(client) : undefined
  return address instanceof ipaddr.IPv6 ? address.parts.slice(0, 3).join(':') : undefined
}

export const isLoopback = (client: string) =>
  isIP(client) !== 0 && ipaddr.process(client).range() === 'loopback'
