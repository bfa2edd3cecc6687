import { hash } from 'node:crypto'

const BLOCK_BYTES = 64
const DIGEST_BYTES = 32

/** Longer messages are rare, and get a buffer of their own. */
const scratch = Buffer.allocUnsafe(64 * 1024)

/**
 * HMAC-SHA256 (RFC 2104) with one key, as two one-shot hashes. Node's `createHmac` makes an object and a native one behind it
 * for each message, which takes a busy worker longer than the hashing itself.
 */
export class HmacSha256 {
  private readonly inner: Buffer
  private readonly outer: Buffer

  /** @param key of at most a block, 64 bytes: a longer one would be its own hash */
  constructor(key: Buffer) {
    if (key.length > BLOCK_BYTES) throw new RangeError(`A key has at most ${BLOCK_BYTES} bytes`)
    this.inner = padded(key, 0x36)
    this.outer = Buffer.concat([padded(key, 0x5c), Buffer.alloc(DIGEST_BYTES)])
  }

  /** @param prefix ASCII that goes before the message */
  digest(prefix: string, message: Buffer, encoding: 'hex' | 'base64'): string {
    const start = BLOCK_BYTES + prefix.length
    const end = start + message.length
    const room = end > scratch.length ? Buffer.allocUnsafe(end) : scratch
    room.set(this.inner)
    room.write(prefix, BLOCK_BYTES, 'latin1')
    room.set(message, start)
    const digest = hash('sha256', room.subarray(0, end), 'binary') // a text: a Buffer costs as much as hashing 1 kB
    this.outer.write(digest, BLOCK_BYTES, 'latin1')
    return hash('sha256', this.outer, encoding)
  }
}

function padded(key: Buffer, byte: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES, byte)
  for (const [index, value] of key.entries()) block[index]! ^= value
  return block
}
