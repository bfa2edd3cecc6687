import ipaddr from 'ipaddr.js'

export type Address = ipaddr.IPv4 | ipaddr.IPv6

/** All of IPv6 that IANA has given out for the internet; ipaddr.js calls the rest, too, "unicast". */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3')
/** Public by its number, but answers inside every Azure machine: keys and certificates of the machine. */
const AZURE_WIRE_SERVER = '168.63.129.16'
/**
 * Names that mean something only within some network: reserved (RFC 6761, 6762, 7686, 8375, ICANN's `internal`), never to be delegated
 * (`corp`, `home`), or what Docker, Kubernetes and routers answer to.
 */
const PRIVATE_SUFFIXES = new Set([
  ...['localhost', 'local', 'localdomain', 'internal', 'intranet', 'private', 'corp', 'home', 'lan'],
  ...['svc', 'onion', 'home.arpa'],
])

/** An IPv4 address mapped into IPv6 counts as what it is. */
export function parseAddress(text: string): Address | undefined {
  return ipaddr.isValid(text) ? ipaddr.process(text) : undefined
}

/** Not private, reserved, translated (NAT64, 6to4, Teredo) or unassigned: those lead to places that their numbers hide. */
export function isPublicAddress(address: Address): boolean {
  if (address.range() !== 'unicast') return false
  return address instanceof ipaddr.IPv6
    ? address.match(GLOBAL_UNICAST)
    : address.toString() !== AZURE_WIRE_SERVER
}

/** @param hostname in lower case, without a final dot */
export function isPublicName(hostname: string): boolean {
  const labels = hostname.split('.')
  const suffixes = [labels.slice(-1).join('.'), labels.slice(-2).join('.')]
  return labels.length > 1 && !suffixes.some((suffix) => PRIVATE_SUFFIXES.has(suffix))
}
