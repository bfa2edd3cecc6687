import { lookup as resolve, type LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { Injectable } from '@nestjs/common'
import ipaddr from 'ipaddr.js'
import { Config } from '../config/config.js'

export class RefusedAddress extends Error {
  override readonly name = 'RefusedAddress'
}

/** Keeps requests to hosts that users name away from our own network. */
@Injectable()
export class EgressGuard {
  private readonly allowed: [ipaddr.IPv4 | ipaddr.IPv6, number][]

  constructor(config: Config) {
    this.allowed = config.WEBHOOK_ALLOW_PRIVATE_CIDRS.map((cidr) => ipaddr.parseCIDR(cidr))
  }

  /** Checks all that a URL says by itself; the addresses behind a name are checked when it is dialled. @throws RefusedAddress */
  checkUrl(text: string): URL {
    const url = URL.canParse(text) ? new URL(text) : undefined
    if (!url || !['http:', 'https:'].includes(url.protocol))
      throw new RefusedAddress('must be an http or https address')
    if (url.username || url.password) throw new RefusedAddress('must not carry a user name or password')
    const host = url.hostname.replace(/^\[|\]$/g, '')
    if (ipaddr.isValid(host)) this.checkAddress(host)
    return url
  }

  /** @throws RefusedAddress for an address that is not public, unless the operator allows it */
  checkAddress(text: string): void {
    const address = ipaddr.process(text) // an IPv4 address mapped into IPv6 counts as what it is
    const isAllowed = this.allowed.some(
      ([network, bits]) => network.kind() === address.kind() && address.match(network, bits),
    )
    if (!isAllowed && address.range() !== 'unicast')
      throw new RefusedAddress(`must not reach the address ${text}`)
  }

  /** Resolves a name when a socket is about to open, and gives only addresses that passed: what is checked is dialled. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error) return callback(error, [])
      try {
        for (const { address } of addresses) this.checkAddress(address)
      } catch (refusal) {
        return callback(refusal as Error, [])
      }
      if (options.all) callback(null, addresses)
      else callback(null, addresses[0]!.address, addresses[0]!.family)
    })
  }
}
