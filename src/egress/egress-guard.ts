import { Injectable } from '@nestjs/common'
import ipaddr from 'ipaddr.js'
import { Config } from '../config/config.js'
import { HostResolver } from './host-resolver.js'
import {
  isPublicAddress,
  isPublicName,
  leadsToPublic,
  parseAddress,
  type Address,
} from './public-addresses.js'

/** A URL or an address that the application must not send to. Its message completes "The URL …". */
export class RefusedAddress extends Error {
  override readonly name = 'RefusedAddress'

  constructor(
    message: string,
    readonly code: 'refused_address' | 'invalid_url' = 'refused_address',
  ) {
    super(message)
  }
}

export class UnresolvedName extends Error {
  override readonly name = 'UnresolvedName'
}

const MAX_URL = 2_048
/** Checked before parsing, which drops tabs and line breaks and takes backslashes for slashes: parsers differ there. */
const PLAIN_URL = /^https?:\/\/[^/\\\s\p{Cc}][^\\\s\p{Cc}]*$/iu
const LEGAL_NAME = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/
const PORTS = { 'http:': 80, 'https:': 443 }

/**
 * Keeps connections to hosts that users name away from our own network.
 *
 * A public host is reached over its usual ports, in production over https alone. What the operator allows in
 * WEBHOOK_ALLOW_PRIVATE_CIDRS may be reached over http and any port too, by address or by a private name: such networks
 * rarely have certificates, and whoever listed them knows what listens there.
 */
@Injectable()
export class EgressGuard {
  private readonly allowed: [Address, number][]
  private readonly ownHost: string | undefined

  constructor(
    private readonly config: Config,
    private readonly resolver: HostResolver,
  ) {
    this.allowed = config.WEBHOOK_ALLOW_PRIVATE_CIDRS.map((cidr) => ipaddr.parseCIDR(cidr))
    this.ownHost = config.PUBLIC_URL && new URL(config.PUBLIC_URL).host
  }

  /** Checks all that a URL says by itself; the addresses behind a name are checked when it is dialled. @throws RefusedAddress */
  checkUrl(text: string): URL {
    if (text.length > MAX_URL) throw invalid(`must not be longer than ${MAX_URL} characters`)
    const url = PLAIN_URL.test(text) && URL.canParse(text) ? new URL(text) : undefined
    if (!url) throw invalid('must be an http or https address')
    if (url.username || url.password) throw invalid('must not carry a user name or password')
    // A final dot is not part of what certificates and SNI call a host.
    if (url.hostname.endsWith('.')) url.hostname = bareHost(url)
    if (url.host === this.ownHost) throw new RefusedAddress('must not lead back to this application')
    const host = bareHost(url)
    this.checkHost(host)
    if (!this.isPrivateHost(host)) this.checkPublicUse(url)
    return url
  }

  /**
   * Checks a host by what it is called, as far as that says something.
   *
   * @param host a name in lower case, or an address without brackets
   * @throws RefusedAddress
   */
  checkHost(host: string): void {
    if (parseAddress(host)) return this.checkAddress(host)
    if (!LEGAL_NAME.test(host)) throw invalid('must name a legal host')
    if (this.isPrivateHost(host) && this.allowed.length === 0)
      throw new RefusedAddress(
        `must not reach the private name ${host}: WEBHOOK_ALLOW_PRIVATE_CIDRS allows none`,
      )
  }

  /**
   * The addresses of a host when a socket is about to open. One that is refused refuses all: a name that has a private
   * address beside a public one is not what it says. Behind DNS64 a public name has translated addresses, which are judged by the
   * IPv4 address in them; in a URL nobody needs one. Dial these and do not resolve again, or a second answer (DNS rebinding) goes unchecked.
   *
   * @throws RefusedAddress
   * @throws UnresolvedName
   */
  async addressesOf(host: string): Promise<string[]> {
    this.checkHost(host)
    if (parseAddress(host)) return [host]
    const addresses = await this.resolver.addressesOf(host).catch((error: NodeJS.ErrnoException) => {
      throw new UnresolvedName(`${host} could not be resolved: ${error.code ?? error.message}`)
    })
    if (addresses.length === 0) throw new UnresolvedName(`${host} has no address`)
    const mayBePublic = !this.isPrivateHost(host)
    const unclear = addresses.filter((address) => !(mayBePublic && leadsToPublic(address)))
    for (const address of unclear) this.checkAddress(address, mayBePublic)
    return addresses
  }

  /** @throws RefusedAddress for an address that the operator does not allow, unless it is public and may be */
  private checkAddress(text: string, mayBePublic = true): void {
    const address = parseAddress(text)
    if (address && (this.isAllowed(address) || (mayBePublic && isPublicAddress(address)))) return
    throw new RefusedAddress(
      `must not reach the address ${text}, unless WEBHOOK_ALLOW_PRIVATE_CIDRS allows it`,
    )
  }

  /** @throws RefusedAddress */
  private checkPublicUse({ protocol, port }: URL): void {
    if (protocol === 'http:' && this.config.NODE_ENV === 'production')
      throw new RefusedAddress('must be an https address: http is for WEBHOOK_ALLOW_PRIVATE_CIDRS')
    const number = Number(port || PORTS[protocol as keyof typeof PORTS])
    if (!Object.values(PORTS).includes(number) && !this.config.WEBHOOK_ALLOW_PORTS.includes(number))
      throw new RefusedAddress(`must not use port ${number}, unless WEBHOOK_ALLOW_PORTS allows it`)
  }

  private isPrivateHost(host: string): boolean {
    const address = parseAddress(host)
    return address ? this.isAllowed(address) : !isPublicName(host)
  }

  private isAllowed(address: Address): boolean {
    return this.allowed.some(
      ([network, bits]) => network.kind() === address.kind() && address.match(network, bits),
    )
  }
}

const invalid = (message: string) => new RefusedAddress(message, 'invalid_url')

const bareHost = ({ hostname }: URL) => hostname.replace(/^\[|\]$|\.$/g, '')
