import { isUtf8 } from 'node:buffer'
import { BoundedMime, inherited, type Part } from './bounded-mime.js'
import { marksIn } from './text-marks.js'

const SAYS_LITTLE = new Set(['', 'utf8', 'utf-8', 'ascii', 'us-ascii'])
const LONGEST_LABEL = 100

/**
 * postal-mime reads a text part in the charset it claims. Old mailers and contact forms claim none, UTF-8 or
 * ASCII and send windows-1252, which would leave a `\uFFFD` for every accented letter; so we look at the bytes.
 * The library offers no door for this: the method is internal, the version is pinned, and a test watches it.
 *
 * A text that is all tags, line breaks and quotation marks is no text that anybody reads, and takes long to turn into
 * one: such a part stays with the mail as an attachment.
 */
export class LenientMime extends BoundedMime {
  isInlineTextNode(part: Part): boolean {
    const isInline = inherited.isInlineTextNode.call(this as never, part)
    if (!part.content) return isInline
    const { value, params } = part.contentType.parsed
    // A text in a message within messages is turned once for each of these.
    const marks = marksIn(part.content, value) * (1 + this.depth)
    if (!isInline) {
      // postal-mime sets the line breaks of a calendar anew.
      this.budget.refuseIf(!this.budget.mayRead(marks), 'a calendar of too many lines')
      return false
    }
    if (saysLittle(params.charset ?? '')) params.charset = charsetOf(part.content)
    return this.budget.mayRead(marks)
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
