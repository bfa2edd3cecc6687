/** Of postal-mime; that of base64 keeps pieces. */
export interface Decoder {
  chunks?: ArrayBuffer[]
  flushRemainder?(): void
  update(line: Uint8Array): void
  finalize(): Promise<ArrayBuffer>
}

/**
 * postal-mime keeps a body that is not encoded as one piece of memory a line, and base64 as one for each padding. Blob
 * takes 5 s to join half a million of them.
 */
export function quickDecoder(theirs: Decoder, encoding: string): Decoder {
  if (encoding.includes('base64')) return joinedAtOnce(theirs)
  return encoding.includes('quoted-printable') ? theirs : new BodyBytes()
}

function joinedAtOnce(decoder: Decoder): Decoder {
  decoder.finalize = () => {
    decoder.flushRemainder!()
    return Promise.resolve(joined(decoder.chunks!))
  }
  return decoder
}

function joined(pieces: ArrayBuffer[]): ArrayBuffer {
  const whole = new Uint8Array(pieces.reduce((length, { byteLength }) => length + byteLength, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(new Uint8Array(piece), at)
    at += piece.byteLength
  }
  return whole.buffer
}

const LINE_FEED = 0x0a

/** A body as it stands, line by line. */
class BodyBytes implements Decoder {
  private bytes = new Uint8Array(1024)
  private length = 0

  update(line: Uint8Array): void {
    const length = this.length + line.length + 1
    if (length > this.bytes.length) this.grow(2 * length)
    this.bytes.set(line, this.length)
    this.bytes[length - 1] = LINE_FEED
    this.length = length
  }

  finalize(): Promise<ArrayBuffer> {
    return Promise.resolve(this.bytes.buffer.slice(0, this.length))
  }

  private grow(size: number): void {
    const grown = new Uint8Array(size)
    grown.set(this.bytes)
    this.bytes = grown
  }
}
