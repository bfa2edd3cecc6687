import { createHash } from 'node:crypto'

const MAX_ID_LENGTH = 500
const MAX_REFERENCES = 100
const PRINTABLE_ASCII = /^[\x21-\x7e]+$/

/**
 * The mail's identity without angle brackets. A mail that brings none is named after its bytes, so that the
 * same mail fetched twice is the same mail.
 */
export function messageIdOf(header: string | undefined, raw: Uint8Array): string {
  return idsIn(header)[0] ?? `${sha256(raw)}@no-message-id.punctual`
}

/** The first id of an In-Reply-To header, or null. RFC 5322 §3.6.4 allows several; the first is the parent. */
export function inReplyToOf(header: string | undefined): string | null {
  return idsIn(header)[0] ?? null
}

/**
 * The ids of a References header, oldest first, no duplicates, at most 100. When more came, the first is kept,
 * since it names the thread, and the latest 99 (RFC 5537 §3.4.4 trims the same way).
 */
export function referencesOf(header: string | undefined): string[] {
  const ids = [...new Set(idsIn(header))]
  if (ids.length <= MAX_REFERENCES) return ids
  return [...ids.slice(0, 1), ...ids.slice(1 - MAX_REFERENCES)]
}

/** Ids in brackets, with whatever people wrote around them ignored; bare ids only where no bracket stands. */
function idsIn(header = ''): string[] {
  const bracketed = Array.from(header.matchAll(/<([^<>]+)>/g), (match) => match[1]!)
  const found =
    bracketed.length > 0 ? bracketed : header.split(/[\s,<>]+/).filter((word) => word.includes('@'))
  return found
    .map((id) => id.replace(/\s+/g, ''))
    .filter((id) => id !== '')
    .map(storableId)
}

/**
 * Ids too long or not printable are replaced by their own digest rather than the mail's: a reply that refers to
 * such an id then still finds its parent, because both sides are replaced alike.
 */
function storableId(id: string): string {
  if (id.length <= MAX_ID_LENGTH && PRINTABLE_ASCII.test(id)) return id
  return `${sha256(id.toWellFormed())}@hashed-message-id.punctual`
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}
