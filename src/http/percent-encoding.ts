import { invalid } from './problem.js'

/**
 * The parsers of a query leave a part that they cannot decode as it is, so that `%ED%A0%80`, half a surrogate pair, would be
 * searched for as these nine letters.
 *
 * @throws Problem 400 for a `%` that begins no byte, and for bytes that are no UTF-8
 */
export function refuseUndecodable(url: string): void {
  const query = url.indexOf('?')
  if (query < 0) return
  const part = url
    .slice(query + 1)
    .split('&')
    .find((one) => !isDecodable(one))
  if (part !== undefined)
    throw invalid(nameOf(part), 'must be UTF-8, percent-encoded: a percent sign itself is %25')
}

function isDecodable(text: string): boolean {
  try {
    return decodeURIComponent(text).isWellFormed()
  } catch {
    return false
  }
}

const nameOf = (part: string) => part.slice(0, part.indexOf('=')) || 'query'
