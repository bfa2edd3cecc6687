import type { Socket } from 'node:net'

const START = Buffer.from('HTTP/1.')
const CONTINUE = /^HTTP\/1\.\d 100[ \r]/
const END = Buffer.from('\r\n\r\n')
/** A line that goes on in the next one (RFC 9112, 5.2: obs-fold). */
const FOLDS = ['\r\n ', '\r\n\t'].map((fold) => Buffer.from(fold))

/**
 * Makes the heads of answers readable for undici, which refuses two things that HTTP/1.1 demands of a client: an interim
 * `100 Continue` that nobody asked for (RFC 9110, 15.2) is dropped, and a folded header line is made one line.
 *
 * A head is held back until it is whole. Whatever does not look like one, or is longer than `maxBytes`, passes as it is: undici
 * says what is wrong with it.
 */
export function tidyHeads(socket: Socket, maxBytes: number): void {
  const read = socket.read.bind(socket)
  let sent = 0
  let isAtHead = false
  let held: Buffer | undefined
  socket.read = (size?: number): Buffer | null => {
    const chunk = read(size) as Buffer | null
    if (chunk === null) return null
    if (socket.bytesWritten !== sent) [sent, isAtHead] = [socket.bytesWritten, true] // a request: an answer begins
    if (!isAtHead) return chunk
    let bytes = held ? Buffer.concat([held, chunk]) : chunk
    held = undefined
    for (;;) {
      const end = looksLikeHead(bytes) ? bytes.indexOf(END) : NaN
      if (end === -1 && bytes.length <= maxBytes) return ((held = bytes), null)
      isAtHead = end >= 0 && CONTINUE.test(bytes.toString('latin1', 0, 13))
      if (!isAtHead) return end > 0 ? unfolded(bytes, end) : bytes
      bytes = bytes.subarray(end + END.length)
      if (bytes.length === 0) return null
    }
  }
}

const looksLikeHead = (bytes: Buffer): boolean =>
  bytes.subarray(0, START.length).equals(START.subarray(0, bytes.length))

function unfolded(bytes: Buffer, end: number): Buffer {
  if (FOLDS.every((fold) => bytes.indexOf(fold) === -1)) return bytes
  const head = bytes.toString('latin1', 0, end).replaceAll(/\r\n[ \t]/g, '  ')
  return Buffer.concat([Buffer.from(head, 'latin1'), bytes.subarray(end)])
}
