import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type ServerOptions } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'

export type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void

/** A well-behaved HTTP server whose answers a test chooses. */
export class HttpReceiver {
  handle: Handler = (_request, response) => void response.writeHead(204).end()
  /** `METHOD path` of each request. */
  readonly requests: string[] = []
  readonly sockets: Socket[] = []

  private constructor(private readonly server: Server) {
    server.on('connection', (socket) => this.sockets.push(socket))
    server.on('request', (request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        this.requests.push(`${request.method} ${request.url}`)
        this.handle(request, response, Buffer.concat(chunks).toString())
      })
    })
  }

  static async start(tls?: ServerOptions): Promise<HttpReceiver> {
    const server = tls ? createTlsServer(tls) : createServer()
    const receiver = new HttpReceiver(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return receiver
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  stop(): Promise<void> {
    this.server.closeAllConnections()
    return new Promise((resolve) => this.server.close(() => resolve()))
  }
}
