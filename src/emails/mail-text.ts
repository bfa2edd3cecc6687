const CONTROL_CHARACTERS = /[\p{Cc}\u2028\u2029]+/gu

/** What PostgreSQL's `text` accepts: no NUL, no lone surrogate. */
export function storable(text: string): string {
  return text.replaceAll('\0', '').toWellFormed()
}

/** Storable, on one line, trimmed and at most `limit` UTF-16 units long. */
export function oneLine(text: string, limit: number): string {
  return clip(storable(text).replace(CONTROL_CHARACTERS, ' ').trim(), limit)
}

/** Shortens without leaving half of a surrogate pair at the end. */
export function clip(text: string, limit: number): string {
  if (text.length <= limit) return text
  const cut = text.slice(0, limit)
  return cut.isWellFormed() ? cut : cut.slice(0, -1)
}
