import { createHash } from 'node:crypto'
import type { Attachment } from 'postal-mime'
import { clip, oneLine } from './mail-text.js'
import type { ParsedAttachment } from './parsed-mail.js'

const MAX_FILENAME_LENGTH = 255
const LEGAL_CONTENT_TYPE = /^[a-z0-9!#$&^_.+-]{1,127}\/[a-z0-9!#$&^_.+-]{1,127}$/ // RFC 6838 §4.2
// Bidirectional overrides make `invoice\u202Efdp.exe` read `invoiceexe.pdf` on screen.
const BIDI_CONTROLS = /[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/g
const EXTENSIONS: Record<string, string> = {
  'application/pdf': 'pdf',
  'image/gif': 'gif',
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'message/rfc822': 'eml',
  'text/calendar': 'ics',
  'text/html': 'html',
  'text/plain': 'txt',
}

/** @param position counted from 1, for the name of an attachment that brings none */
export function attachmentOf(part: Attachment, position: number): ParsedAttachment {
  const content = bytesOf(part.content)
  const contentType = LEGAL_CONTENT_TYPE.test(part.mimeType) ? part.mimeType : 'application/octet-stream'
  return {
    filename: safeFilename(part.filename) ?? `attachment-${position}.${EXTENSIONS[contentType] ?? 'bin'}`,
    contentType,
    disposition: part.related || part.disposition === 'inline' ? 'inline' : 'attachment',
    contentId: oneLine(part.contentId ?? '', 500).replace(/^<|>$/g, '') || null,
    size: content.byteLength,
    sha256: createHash('sha256').update(content).digest('hex'),
    content,
  }
}

/** The last part of whatever path the sender wrote, or null when nothing usable is left. */
export function safeFilename(written: string | null): string | null {
  const path = written ?? ''
  const base = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)
  const name = withoutDots(oneLine(base.replace(BIDI_CONTROLS, ''), 10_000))
  if (name.length <= MAX_FILENAME_LENGTH) return name || null
  const extension = /\.[^.]{1,16}$/.exec(name)?.[0] ?? ''
  return clip(name, MAX_FILENAME_LENGTH - extension.length) + extension
}

/** Without dots and blanks at either end; an expression would look at each run of them in between. */
function withoutDots(name: string): string {
  let [start, end] = [0, name.length]
  while (start < end && '. '.includes(name[start]!)) start++
  while (end > start && '. '.includes(name[end - 1]!)) end--
  return name.slice(start, end)
}

function bytesOf(content: Attachment['content']): Uint8Array {
  if (typeof content === 'string') return new TextEncoder().encode(content)
  return content instanceof Uint8Array ? content : new Uint8Array(content)
}
