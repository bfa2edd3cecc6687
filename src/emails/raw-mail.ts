import { isUtf8 } from 'node:buffer'
import { UnreadableMail } from './parsed-mail.js'

const MAX_MAIL_BYTES = 64 * 1024 * 1024
export const MAX_HEADER_BYTES = 512 * 1024
export const HEADERS_TOO_LARGE = 'The headers of the mail are larger than 512 KiB.'
const LEADING_JUNK = new Set([0x09, 0x0a, 0x0d, 0x20, 0xef, 0xbb, 0xbf]) // blank lines and a byte order mark
const TELLING_HEADERS =
  /^(from|to|cc|bcc|subject|date|message-id|received|return-path|sender|reply-to|delivered-to|mime-version|content-type)[ \t]*:/im

/**
 * The bytes as a MIME parser wants them: no blank lines in front, and a header that is UTF-8.
 *
 * @throws UnreadableMail when empty, over 64 MiB, with more than 512 KiB of header, or without a single header that any
 * mail has
 */
export function readableMail(raw: Uint8Array): Uint8Array {
  const start = raw.findIndex((byte) => !LEADING_JUNK.has(byte))
  if (start < 0) throw new UnreadableMail('The mail is empty.')
  if (raw.length > MAX_MAIL_BYTES) throw new UnreadableMail('The mail is larger than 64 MiB.')
  const mail = raw.subarray(start)
  const headerLength = lengthOfHeader(mail)
  const header = Buffer.from(mail.buffer, mail.byteOffset, headerLength)
  if (!TELLING_HEADERS.test(header.toString('latin1', 0, MAX_HEADER_BYTES))) {
    throw new UnreadableMail('The data has none of the headers of a mail, so it is not a mail.')
  }
  if (headerLength > MAX_HEADER_BYTES) throw new UnreadableMail(HEADERS_TOO_LARGE, 'mail_too_complex')
  if (isUtf8(header)) return mail
  return Buffer.concat([Buffer.from(decodeHeader(header)), mail.subarray(headerLength)])
}

/** What stands below the header, as it stands: the last resort for a body whose structure is beyond repair. */
export function bodyAsText(mail: Uint8Array): string {
  const body = mail.subarray(lengthOfHeader(mail))
  return new TextDecoder(isUtf8(body) ? 'utf-8' : 'windows-1252').decode(body).trim()
}

/** Up to the first empty line; the whole mail when there is none. */
function lengthOfHeader(mail: Uint8Array): number {
  const bytes = Buffer.from(mail.buffer, mail.byteOffset, mail.byteLength)
  const ends = [bytes.indexOf('\n\r\n'), bytes.indexOf('\n\n')].filter((end) => end >= 0)
  return Math.min(bytes.length, ...ends)
}

/** Raw 8-bit header text, which old mailers send, is mostly in the charset of the body, else windows-1252. */
function decodeHeader(header: Buffer): string {
  const label = /\bcharset\s*=\s*"?([\w.:-]{1,100})/i.exec(header.toString('latin1'))?.[1] ?? ''
  if (!/^utf-?(8|16)/i.test(label)) {
    try {
      return new TextDecoder(label).decode(header)
    } catch {
      // A label nobody knows: fall through.
    }
  }
  return new TextDecoder('windows-1252').decode(header)
}
