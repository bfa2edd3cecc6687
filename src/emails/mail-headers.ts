import type { Email } from 'postal-mime'
import type { MailPriority } from './parsed-mail.js'

const READ_OF_VALUE = 2_000

/**
 * The beginnings of header values by lower-case name, which say what a mail is; the first of a name counts, as it does
 * for postal-mime.
 */
export type Headers = ReadonlyMap<string, string>

export function headersOf(mail: Email): Headers {
  return new Map(
    mail.headers.toReversed().map(({ key, value }) => [key, value.slice(0, READ_OF_VALUE).trim()]),
  )
}

/** A client that stamps `X-Priority: 3` on everything is overruled by a header that says something. */
export function priorityOf(headers: Headers): MailPriority | null {
  const said = ['x-priority', 'importance', 'x-msmail-priority', 'priority']
    .map((name) => priorityNamed(headers.get(name)))
    .filter((priority) => priority !== null)
  return said.find((priority) => priority !== 'medium') ?? said[0] ?? null
}

/**
 * The Date header as an ISO instant. A date without a zone is read as UTC, not as the machine's own time, which
 * is what Date would do. Years outside 1970–9999 are some clock's nonsense and give null.
 */
export function dateOf(headers: Headers): string | null {
  const written = (headers.get('date') ?? '').slice(0, 200).trimEnd()
  const zoned = /([+-]\d{2}:?\d{2}|[A-Z]{1,4}|\))$/i.test(written.replace(/\b[ap]m$/i, '').trimEnd())
  if (!/\d:\d{2}/.test(written)) return null
  const instant = new Date(zoned ? written : `${written} +0000`)
  const year = instant.getUTCFullYear()
  return year >= 1970 && year <= 9999 ? instant.toISOString() : null
}

/** X-Priority counts from 1 (highest) to 5; Importance and Priority use words (RFC 2156 §5.3.4, §5.3.6). */
function priorityNamed(value = ''): MailPriority | null {
  const word = /^([1-5](?!\d)|[a-z-]+)/i.exec(value)?.[1]?.toLowerCase() ?? ''
  if (['1', '2', 'high', 'highest', 'urgent'].includes(word)) return 'high'
  if (['3', 'normal', 'medium'].includes(word)) return 'medium'
  if (['4', '5', 'low', 'lowest', 'non-urgent'].includes(word)) return 'low'
  return null
}
