/** A mention that Slack would make of bare words where it links names. Not the domain of an address. */
const MENTION = /(?<![\w.+-])@(?=(?:here|channel|everyone|group)\b)/gi
/** Line breaks, NULs and their like; and what turns the reading direction for all that follows. */
const UNWANTED = /[\s\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu
const VISIBLE = /[^\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\p{Z}\p{M}\u2800]/u
const WORD_JOINER = '\u2060'

const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' })

/**
 * What a stranger wrote, as Slack's mrkdwn on one line: it shows and does nothing else. `&`, `<` and `>` are escaped, so
 * that it makes no links, mentions or commands.
 * @param limit in UTF-16 units, escapes included; what is longer ends in `…`, and no character is cut in two
 * @param otherwise stands where nothing would be seen: Slack refuses empty texts
 * @see https://docs.slack.dev/messaging/formatting-message-text#escaping
 */
export function mrkdwn(written: string, limit: number, otherwise: string): string {
  const clean = oneLine(written)
  if (!VISIBLE.test(clean)) return otherwise
  const whole = escaped(clean)
  if (whole.length <= limit) return whole
  const start = clean.slice(0, limit).toWellFormed()
  const characters = Array.from(graphemes.segment(start), ({ segment }) => segment)
  // One letter may carry a thousand accents: then some of them must do.
  return `${fitting(characters, limit - 1) || fitting([...start], limit - 1)}…`
}

function oneLine(written: string): string {
  return written.toWellFormed().replace(UNWANTED, ' ').trim().replace(MENTION, `@${WORD_JOINER}`)
}

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** As many of the first characters as fit once they are escaped. */
function fitting(characters: string[], limit: number): string {
  let text = ''
  for (const character of characters) {
    const next = escaped(character)
    if (text.length + next.length > limit) break
    text += next
  }
  return text
}
