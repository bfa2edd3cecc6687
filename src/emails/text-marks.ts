/** What costs time and memory where a text is turned into another kind of text, by measurement, each beside the others. */
const WEIGHTS: Record<string, Record<string, number>> = {
  'text/html': { '<': 1, '&': 2, '\n': 5, '\x01': 5 },
  'text/plain': { '<': 1, '>': 1, '&': 1, '"': 1, "'": 1, '?': 1, '\n': 1 },
  'text/calendar': { '\n': 2 },
  'application/ics': { '\n': 2 },
}
const [TAB, SPACE, GREATER_THAN] = [0x09, 0x20, 0x3e]
const MAX_STEPS = 20_000_000

/** How much would be touched where a text is turned into another kind of text. */
export function marksIn(content: ArrayBuffer, contentType: string): number {
  const bytes = Buffer.from(content)
  const isHtml = contentType === 'text/html'
  if (isHtml && hasEndlessLinks(bytes)) return Infinity
  const weights = tableOf(WEIGHTS[contentType] ?? {})
  let marks = isHtml ? runsOfBlanks(bytes) : 0
  for (let at = 0; at < bytes.length; at++) marks += weights[bytes[at]!]!
  return marks
}

/** Each becomes one blank, however long it is: indented HTML consists of them. */
function runsOfBlanks(bytes: Buffer): number {
  let runs = 0
  let wasBlank = false
  for (let at = 0; at < bytes.length; at++) {
    const isBlank = bytes[at] === SPACE || bytes[at] === TAB
    if (isBlank && !wasBlank) runs++
    wasBlank = isBlank
  }
  return runs
}

/** A tag that does not end is read to the end of the text for each `href` in it. */
function hasEndlessLinks(html: Buffer): boolean {
  const unended = html.subarray(html.lastIndexOf(GREATER_THAN) + 1)
  // The letters of UTF-16 have a NUL beside them.
  const links = unended.toString('latin1').replaceAll('\0', '').toLowerCase().split('href').length - 1
  return links * unended.length > MAX_STEPS
}

function tableOf(weights: Record<string, number>): Uint8Array {
  const table = new Uint8Array(256)
  for (const [character, weight] of Object.entries(weights)) table[character.charCodeAt(0)] = weight
  return table
}
