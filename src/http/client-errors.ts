import { randomUUID } from 'node:crypto'
import { STATUS_CODES, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

const REFUSALS: Record<string, [status: number, code: string, detail: string]> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'request_timeout', 'The request did not arrive in time'],
  HPE_HEADER_OVERFLOW: [431, 'request_header_fields_too_large', 'The headers of a request have 16 KiB'],
}

/** Answers what Node's parser refused before there was a request: a problem, by hand, as everywhere else. */
export function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  // What is late on a connection that has had an answer may be the rest of what was refused: there is no answer left to give.
  const hadOne = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && socket.bytesWritten > 0
  if (hadOne || isAnswering(socket)) return void socket.destroy()
  const [status, code, detail] = REFUSALS[error.code ?? ''] ?? [
    400,
    'malformed_request',
    'This is not HTTP/1.1',
  ]
  const title = STATUS_CODES[status]!
  const body = JSON.stringify({ type: 'about:blank', title, status, code, detail, requestId: randomUUID() })
  const headers = `content-type: application/problem+json\r\ncontent-length: ${body.length}\r\nconnection: close`
  if (socket.writable) socket.write(`HTTP/1.1 ${status} ${title}\r\n${headers}\r\n\r\n${body}`)
  socket.destroySoon()
}

/** Whether an answer has begun: a second one in the midst of it would be read as a part of it. Node's own handler asks this. */
function isAnswering(socket: Socket): boolean {
  const { _httpMessage: answer } = socket as Socket & { _httpMessage?: ServerResponse | null }
  return answer?.headersSent === true
}
