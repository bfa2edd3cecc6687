const MARKS: Record<string, string> = {
  'text/html': '<& \t\n\x01',
  'text/plain': '<>&"\'?\n',
  'text/calendar': '\n',
  'application/ics': '\n',
}
const GREATER_THAN = 0x3e
const MAX_STEPS = 20_000_000

/** How many places of a text would be touched where it is turned into another kind of text. */
export function marksIn(content: ArrayBuffer, contentType: string): number {
  const bytes = Buffer.from(content)
  if (contentType === 'text/html' && hasEndlessLinks(bytes)) return Infinity
  const isMark = tableOf(MARKS[contentType] ?? '')
  let marks = 0
  for (let at = 0; at < bytes.length; at++) marks += isMark[bytes[at]!]!
  return marks
}

/** A tag that does not end is read to the end of the text for each `href` in it. */
function hasEndlessLinks(html: Buffer): boolean {
  const unended = html.subarray(html.lastIndexOf(GREATER_THAN) + 1)
  // The letters of UTF-16 have a NUL beside them.
  const links = unended.toString('latin1').replaceAll('\0', '').toLowerCase().split('href').length - 1
  return links * unended.length > MAX_STEPS
}

function tableOf(characters: string): Uint8Array {
  const table = new Uint8Array(256)
  for (const character of characters) table[character.charCodeAt(0)] = 1
  return table
}
