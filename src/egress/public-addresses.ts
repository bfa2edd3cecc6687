import ipaddr from 'ipaddr.js'

export type Address = ipaddr.IPv4 | ipaddr.IPv6

/** All of IPv6 that IANA has given out for the internet; ipaddr.js calls the rest, too, "unicast". */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3')
/** Public by its number, but answers inside every Azure machine: keys and certificates of the machine. */
const AZURE_WIRE_SERVER = '168.63.129.16'
/** What a NAT64 translates into IPv4 for everyone (RFC 6052), and by some prefix of the operator's own in it (RFC 8215). */
const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96')
const LOCAL_NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b:1::/48')
/** The bytes of an IPv4 address in such a one, by the length of the prefix (RFC 6052, 2.2). */
const PLACES = { 48: [6, 7, 9, 10], 56: [7, 9, 10, 11], 64: [9, 10, 11, 12], 96: [12, 13, 14, 15] }
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

/**
 * Leads through a NAT64 to a public IPv4 address: what DNS64 (RFC 6147) says of each name that has only such. How long a
 * prefix of the operator's own is, nobody tells us, so every address that it may stand for must be public; 0.0.0.0/8, which no
 * translator forwards to, is none.
 */
export function leadsToPublic(text: string): boolean {
  const address = parseAddress(text)
  if (!(address instanceof ipaddr.IPv6)) return false
  const lengths = address.match(NAT64) ? [96 as const] : address.match(LOCAL_NAT64) ? LENGTHS : []
  const bytes = address.toByteArray()
  const meant = lengths
    .map((length) => new ipaddr.IPv4(PLACES[length].map((place) => bytes[place]!)))
    .filter((one) => one.range() !== 'unspecified')
  return meant.length > 0 && meant.every(isPublicAddress)
}

const LENGTHS = [48, 56, 64, 96] as const

/** @param hostname in lower case, without a final dot */
export function isPublicName(hostname: string): boolean {
  const labels = hostname.split('.')
  const suffixes = [labels.slice(-1).join('.'), labels.slice(-2).join('.')]
  return labels.length > 1 && !suffixes.some((suffix) => PRIVATE_SUFFIXES.has(suffix))
}
