import { domainToASCII } from 'node:url'
import { isEmail, isFQDN } from 'class-validator'
import { lowerCase } from '../database/lower-case.js'

/**
 * The one form in which addresses and domains are kept and compared: lower case, and the domain in ASCII (`xn--…`), as
 * nearly all mail writes it, whether or not a list or a mail (RFC 6532) has it in Unicode.
 *
 * @param text an address, a domain, or a domain after an `@`
 * @returns null for what is none of them
 */
export function tierMatch(text: string): string | null {
  const { local, domain } = parts(text)
  if (!domain) return null
  return local === '' ? domain : isEmail(`${local}@${domain}`) ? `${local}@${domain}` : null
}

/** What may give a sender's mail its tier, the nearest first: the address, its domain, and the domains above that. */
export function tierCandidates(address: string): string[] {
  const { local, domain } = parts(address)
  if (!domain) return []
  const labels = domain.split('.')
  // Not the last one alone: nobody is the customer that `com` is.
  const domains = labels.slice(0, -1).map((_, index) => labels.slice(index).join('.'))
  return [`${local}@${domain}`, ...domains]
}

function parts(text: string): { local: string; domain: string | null } {
  const clean = lowerCase(text.trim())
  const at = clean.lastIndexOf('@')
  return { local: clean.slice(0, Math.max(0, at)), domain: asciiDomain(clean.slice(at + 1)) }
}

function asciiDomain(domain: string): string | null {
  if (/[\s/\\?#@:%[\]]/.test(domain)) return null // ends of a host to the URL parser behind domainToASCII
  const ascii = domainToASCII(domain)
  return isFQDN(ascii) ? ascii : null
}
