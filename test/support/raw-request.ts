import { connect } from 'node:net'
import type { Body } from './api-client.js'

export interface RawRequest {
  method: string
  /** As it goes over the wire: nothing is encoded. */
  path: string
  headers?: [name: string, value: string][]
  body?: string | Buffer
}

export interface RawAnswer {
  status: number
  /** The status line and the headers. */
  head: string
  contentType: string
  body: Body
}

/** Sends what no well-behaved client would, and reads the answer. */
export function sendRaw(baseUrl: string, request: RawRequest): Promise<RawAnswer> {
  const { method, path, headers = [], body = '' } = request
  const bytes = Buffer.from(body as string)
  const length: [string, string][] =
    method === 'GET' && bytes.length === 0 ? [] : [['content-length', `${bytes.length}`]]
  const lines = [['host', 'punctual'], ['connection', 'close'], ...length, ...headers].map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  const head = `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`
  return exchange(baseUrl, Buffer.concat([Buffer.from(head, 'latin1'), bytes]))
}

export function exchange(baseUrl: string, bytes: Buffer): Promise<RawAnswer> {
  const { hostname, port } = new URL(baseUrl)
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect(Number(port), hostname, () => socket.write(bytes))
    let broken: Error | undefined
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      if (isEndless(chunk)) socket.destroy()
    })
    // A server that refuses a large body closes before it has read all of it.
    socket.on('error', (error) => (broken = error))
    socket.on('close', () => {
      const answer = parse(Buffer.concat(chunks).toString('utf8'))
      if (answer) resolve(answer)
      else reject(broken ?? new Error('No answer'))
    })
  })
}

/** A stream is judged by its beginning. */
const isEndless = (chunk: Buffer) => /^content-type: *text\/event-stream/im.test(chunk.toString('latin1'))

function parse(text: string): RawAnswer | undefined {
  const [head = '', ...rest] = text.split('\r\n\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1])
  if (!status) return undefined
  const contentType = /^content-type: *(.*)$/im.exec(head)?.[1] ?? ''
  const body = rest.join('\r\n\r\n')
  return { status, head, contentType, body: contentType.includes('json') ? JSON.parse(body) : body }
}
