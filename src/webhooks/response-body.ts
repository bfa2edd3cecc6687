import type { Transform } from 'node:stream'
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from 'node:zlib'

/** Bytes of a response that are read, and that its decompression may come to. */
export const RESPONSE_LIMIT = 64 * 1024
const KEPT_BYTES = 16 * 1024
/** 8 MiB, what every Zstandard decoder should take (RFC 8878). A frame may ask for a buffer of gigabytes. */
const ZSTD_WINDOW_LOG = 23

/** The first half-byte of zlib's header (RFC 1950). */
const DEFLATE_METHOD = 8

export interface ResponseText {
  text: string | null
  isTooLarge: boolean
}

/** Bytes as they came, which also is what a body in an unknown encoding, or not in the one it claims, is kept as. */
export function textOf(bytes: Buffer): string | null {
  const text = bytes.toString('utf8', 0, KEPT_BYTES).replaceAll('\0', '')
  if (text.length * 3 > KEPT_BYTES && Buffer.byteLength(text) > KEPT_BYTES)
    return new TextDecoder().decode(Buffer.from(text).subarray(0, KEPT_BYTES), { stream: true })
  return text === '' ? null : text
}

let earlier: Promise<unknown> = Promise.resolve()

/**
 * One body after another: Brotli fills a window of up to 16 MiB before it gives its first byte, and each attempt under
 * way could be made to hold one.
 */
export function decompressedText(bytes: Buffer, encoding: string): Promise<ResponseText> {
  const text = earlier.then(() => decompress(bytes, encoding))
  earlier = text
  return text
}

/** No further than the limit: 64 KiB can be a bomb of 64 MiB. Does not reject. */
async function decompress(bytes: Buffer, encoding: string): Promise<ResponseText> {
  const decoder = decoderOf(encoding, bytes)
  if (!decoder) return { text: textOf(bytes), isTooLarge: false }
  const chunks: Buffer[] = []
  let size = 0
  try {
    decoder.end(bytes)
    for await (const chunk of decoder as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      size += chunk.length
      if (size > RESPONSE_LIMIT) break // destroys the decoder
    }
  } catch {
    // Cut short, or not what it claims to be. What has come out so far is the best there is.
  }
  return { text: textOf(size > 0 ? Buffer.concat(chunks) : bytes), isTooLarge: size > RESPONSE_LIMIT }
}

function decoderOf(encoding: string, bytes: Buffer): Transform | undefined {
  switch (encoding.trim().toLowerCase()) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip()
    case 'deflate': // zlib by the standard, raw by a widespread mistake
      return (bytes[0]! & 0x0f) === DEFLATE_METHOD ? createInflate() : createInflateRaw()
    case 'br':
      return createBrotliDecompress()
    case 'zstd':
      return createZstdDecompress({ params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG } })
    default:
      return undefined
  }
}
