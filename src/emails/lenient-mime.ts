import { isUtf8 } from 'node:buffer'
import PostalMime from 'postal-mime'

/** The little of postal-mime's own part that is read here; its types leave it out. */
interface Part {
  content: ArrayBuffer | null
  contentType: { parsed: { params: Record<string, string> } }
}

const inherited = (PostalMime.prototype as unknown as { isInlineTextNode(part: Part): boolean })
  .isInlineTextNode
const SAYS_LITTLE = /^\s*("?)(utf-?8|us-ascii|ascii|)\1\s*$/i

/**
 * postal-mime reads a text part in the charset it claims. Old mailers and contact forms claim none, UTF-8 or
 * ASCII and send windows-1252, which would leave a `\uFFFD` for every accented letter; so we look at the bytes.
 * The library offers no door for this: the method is internal, the version is pinned, and a test watches it.
 */
export class LenientMime extends PostalMime {
  isInlineTextNode(part: Part): boolean {
    const inline = inherited.call(this, part)
    const { params } = part.contentType.parsed
    if (inline && part.content && SAYS_LITTLE.test(params.charset ?? ''))
      params.charset = charsetOf(part.content)
    return inline
  }
}

/** UTF-8 that was damaged on the way (cut in the middle of a letter) is still UTF-8. */
function charsetOf(content: ArrayBuffer): string {
  if (isUtf8(content)) return 'utf-8'
  const text = new TextDecoder('utf-8').decode(content)
  const broken = text.match(/\ufffd/g)?.length ?? 0
  const sound = text.match(/[^\0-\x7f\ufffd]/g)?.length ?? 0
  return broken > sound ? 'windows-1252' : 'utf-8'
}
