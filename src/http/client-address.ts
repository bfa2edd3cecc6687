import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { FastifyRequest } from 'fastify'

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

/** Where a request comes from, as far as proxies of ours tell. What is no address is one's neighbour's. */
export function clientOf(request: FastifyRequest): string {
  const told = request.ip.slice(0, 64)
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

export const isLoopback = (client: string) =>
  isIP(client) !== 0 && ipaddr.process(client).range() === 'loopback'
