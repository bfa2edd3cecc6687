import type { Socket } from 'node:net'

const START = Buffer.from('HTTP/1.')
const INTERIM = /^HTTP\/1\.\d 1(?!01)/ // a 101 ends what is HTTP
const CONTINUE = /^HTTP\/1\.\d 100/
const END = Buffer.from('\r\n\r\n')
const [CR, LF] = [13, 10]
/** A line that goes on in the next one (RFC 9112, 5.2: obs-fold). */
const FOLDS = ['\r\n ', '\r\n\t'].map((fold) => Buffer.from(fold))

/**
 * Makes the heads of answers readable for undici, which refuses two things that HTTP/1.1 demands of a client: an interim
 * `100 Continue` that nobody asked for (RFC 9110, 15.2) is dropped, and a folded header line is made one line.
 *
 * A head is held back until it is whole. Whatever does not look like one, has a line that ends without CR, or is longer than
 * `maxBytes`, passes as it is: undici says what is wrong with it.
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
    return isAtHead ? tidied(held ? Buffer.concat([held, chunk]) : chunk) : chunk
  }

  function tidied(bytes: Buffer): Buffer | null {
    const ready: Buffer[] = []
    let rest = bytes
    held = undefined
    while (isAtHead && rest.length > 0) {
      const end = looksLikeHead(rest) ? rest.indexOf(END) + END.length : 0
      if (end === END.length - 1 && rest.length <= maxBytes && !hasBareEnd(rest)) {
        held = rest
        break
      }
      const line = rest.toString('latin1', 0, 13)
      isAtHead = end >= END.length && INTERIM.test(line)
      if (!isAtHead) ready.push(end >= END.length ? unfolded(rest, end) : rest)
      else if (!CONTINUE.test(line)) ready.push(unfolded(rest.subarray(0, end), end))
      rest = rest.subarray(end)
    }
    if (ready.length <= 1) return ready[0] ?? null
    return Buffer.concat(ready)
  }
}

const looksLikeHead = (bytes: Buffer): boolean =>
  bytes.subarray(0, START.length).equals(START.subarray(0, bytes.length))

function hasBareEnd(bytes: Buffer): boolean {
  for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, at + 1))
    if (bytes[at - 1] !== CR) return true
  return false
}

function unfolded(bytes: Buffer, end: number): Buffer {
  if (FOLDS.every((fold) => bytes.indexOf(fold) === -1)) return bytes
  const head = bytes.toString('latin1', 0, end).replaceAll(/\r\n[ \t]/g, '  ')
  return Buffer.concat([Buffer.from(head, 'latin1'), bytes.subarray(end)])
}
