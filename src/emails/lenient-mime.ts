import { isUtf8 } from 'node:buffer'
import { BoundedMime, inherited, type Internals, type Part } from './bounded-mime.js'
import { marksIn } from './text-marks.js'

const SAYS_LITTLE = new Set(['', 'utf8', 'utf-8', 'ascii', 'us-ascii'])
const LONGEST_LABEL = 100
const CALENDARS = new Set(['text/calendar', 'application/ics'])

/**
 * postal-mime reads a text part in the charset it claims. Old mailers and contact forms claim none, UTF-8 or
 * ASCII and send windows-1252, which would leave a `\uFFFD` for every accented letter; so we look at the bytes.
 * The library offers no door for this: the method is internal, the version is pinned, and a test watches it.
 *
 * A text that is all tags, line breaks and quotation marks is no text that anybody reads, and takes long to turn into
 * one: such a part stays with the mail as an attachment.
 */
export class LenientMime extends BoundedMime {
  private plain: boolean | undefined

  isInlineTextNode(part: Part): boolean {
    if (!inherited.isInlineTextNode.call(this as never, part)) return false
    if (!part.content) return true
    const { params } = part.contentType.parsed
    if (saysLittle(params.charset ?? '')) params.charset = charsetOf(part.content)
    return (this.plain ??= this.isPlain()) || this.mayRead(part.content, part)
  }

  /** postal-mime sets the line breaks of a calendar anew; one of too many stays as it came. */
  collectAttachment(part: Part, content: ArrayBuffer, ...rest: boolean[]): void {
    const { parsed } = part.contentType
    const { value } = parsed
    const isTooLong = CALENDARS.has(value) && !this.mayRead(content, part)
    if (isTooLong) parsed.value = 'application/octet-stream'
    inherited.collectAttachment.call(this as never, part, content, ...rest)
    if (isTooLong) (this as unknown as Internals).attachments.at(-1)!.mimeType = parsed.value = value
  }

  /** A text in a message within messages is turned once for each of these. */
  private mayRead(content: ArrayBuffer, { contentType }: Part): boolean {
    return this.budget.mayRead(marksIn(content, contentType.parsed.value) * (1 + this.depth))
  }
}

function saysLittle(charset: string): boolean {
  const label = charset.slice(0, LONGEST_LABEL).trim().toLowerCase()
  return SAYS_LITTLE.has(label) || (label.startsWith('"') && SAYS_LITTLE.has(label.slice(1, -1)))
}

/** UTF-8 that was damaged on the way (cut in the middle of a letter) is still UTF-8. */
function charsetOf(content: ArrayBuffer): string {
  if (isUtf8(content)) return 'utf-8'
  let [broken, sound] = [0, 0]
  const text = new TextDecoder('utf-8').decode(content)
  for (let at = 0; at < text.length; at++) {
    const letter = text.charCodeAt(at)
    if (letter === 0xfffd) broken++
    else if (letter > 0x7f) sound++
  }
  return broken > sound ? 'windows-1252' : 'utf-8'
}
