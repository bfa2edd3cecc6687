import {
  brotliDecompressSync,
  constants,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  zstdDecompressSync,
} from 'node:zlib'

/** Bytes of a response that are read, and that its decompression may come to. */
export const RESPONSE_LIMIT = 64 * 1024
const KEPT_BYTES = 16 * 1024
/** The first half-byte of zlib's header (RFC 1950). */
const DEFLATE_METHOD = 8
/**
 * 4 MiB, what encoders for the web use at most. A decoder fills its window before it gives a byte, and the sender chooses
 * how large that is: 16 MiB for Brotli, gigabytes for Zstandard.
 */
const WINDOW_LOG = 22

export interface ResponseText {
  text: string | null
  fault: 'response_too_large' | 'undecodable_body' | null
}

/** Bytes as they came, fit for PostgreSQL. */
export function textOf(bytes: Buffer): string | null {
  const text = bytes.toString('utf8', 0, KEPT_BYTES).replaceAll('\0', '')
  if (text.length * 3 > KEPT_BYTES && Buffer.byteLength(text) > KEPT_BYTES)
    return new TextDecoder().decode(Buffer.from(text).subarray(0, KEPT_BYTES), { stream: true })
  return text === '' ? null : text
}

/**
 * Decompresses no further than the limit, for 64 KiB can be a bomb of 64 MiB; what is more is not kept. A body in an unknown
 * encoding, or not in the one that it claims, is taken as it is. At once and not in a thread: it takes well under a
 * millisecond, and threads keep a window each.
 */
export function decompressedText(bytes: Buffer, encoding: string): ResponseText {
  try {
    return { text: textOf(decompress(bytes, encoding)), fault: null }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      return { text: null, fault: 'response_too_large' }
    return { text: textOf(bytes), fault: 'undecodable_body' }
  }
}

/** @throws Error with the code ERR_BUFFER_TOO_LARGE, or another when the bytes are not what they should be */
function decompress(bytes: Buffer, encoding: string): Buffer {
  const maxOutputLength = RESPONSE_LIMIT
  switch (encoding.trim().toLowerCase()) {
    case 'gzip':
    case 'x-gzip':
      return gunzipSync(bytes, { maxOutputLength })
    case 'deflate': // zlib by the standard, raw by a widespread mistake
      return (bytes[0]! & 0x0f) === DEFLATE_METHOD
        ? inflateSync(bytes, { maxOutputLength })
        : inflateRawSync(bytes, { maxOutputLength })
    case 'br':
      if (hasLargeWindow(bytes)) throw new RangeError('It wants too large a window')
      return brotliDecompressSync(bytes, { maxOutputLength })
    case 'zstd':
      return zstdDecompressSync(bytes, {
        maxOutputLength,
        params: { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG },
      })
    default:
      return bytes
  }
}

/** Brotli's first bits tell the logarithm of its window (RFC 7932, 9.1); these two patterns are 23 and 24. */
const hasLargeWindow = (bytes: Buffer) => (bytes[0]! & 0b1101) === 0b1101
