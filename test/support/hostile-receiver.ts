import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { constants, brotliCompressSync, gzipSync } from 'node:zlib'

const BLOCK = Buffer.alloc(64 * 1024, 'x')
const MUCH = Buffer.alloc(16 * 1024 * 1024, 'x')
/** 16 MiB in fewer bytes than are read of a response. */
const GZIP_BOMB = gzipSync(MUCH)
const BROTLI_BOMB = brotliCompressSync(MUCH, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } })
const GZIPPED = gzipSync(BLOCK)
const BROTLIED = brotliCompressSync(BLOCK)
const HEAD = 'HTTP/1.1 200 OK\r\n'
const CHUNKED = `${HEAD}transfer-encoding: chunked\r\n\r\n`

/** Answers as large as they may be, to compare with. */
const GOOD_WAYS: Record<string, (socket: Socket) => void> = {
  '/plain': (socket) => answer(socket, BLOCK),
  '/gzip': (socket) => answer(socket, GZIPPED, 'content-encoding: gzip\r\n'),
  '/brotli': (socket) => answer(socket, BROTLIED, 'content-encoding: br\r\n'),
}

/** How a receiver may misbehave once it has a request. */
const BAD_WAYS: Record<string, (socket: Socket) => void> = {
  '/endless-body': (socket) => {
    socket.write(CHUNKED)
    forever(socket, Buffer.concat([Buffer.from('10000\r\n'), BLOCK, Buffer.from('\r\n')]))
  },
  '/gigabyte': (socket) => {
    socket.write(`${HEAD}content-length: ${2 ** 30}\r\n\r\n`)
    forever(socket, BLOCK)
  },
  '/until-close': (socket) => {
    socket.write(`${HEAD}connection: close\r\n\r\n`)
    forever(socket, BLOCK)
  },
  '/dripping-body': (socket) => {
    socket.write(`${HEAD}content-length: 1000000\r\n\r\n`)
    drip(socket, 'x')
  },
  '/gone-and-endless': (socket) => {
    socket.write(CHUNKED.replace('200 OK', '410 Gone'))
    forever(socket, Buffer.concat([Buffer.from('10000\r\n'), BLOCK, Buffer.from('\r\n')]))
  },
  '/gzip-bomb': (socket) => answer(socket, GZIP_BOMB, 'content-encoding: gzip\r\n'),
  '/brotli-bomb': (socket) => answer(socket, BROTLI_BOMB, 'content-encoding: br\r\n'),
  '/header-flood': (socket) => {
    socket.write(HEAD)
    forever(socket, Buffer.from(`x-flood: ${'x'.repeat(1000)}\r\n`.repeat(60)))
  },
  '/endless-header': (socket) => {
    socket.write(`${HEAD}x-flood: `)
    forever(socket, BLOCK)
  },
  '/endless-trailers': (socket) => {
    socket.write(`${CHUNKED}2\r\nok\r\n0\r\n`)
    forever(socket, Buffer.from(`x-flood: ${'x'.repeat(1000)}\r\n`.repeat(60)))
  },
  '/endless-status': (socket) => {
    socket.write('HTTP/1.1 200 ')
    forever(socket, BLOCK)
  },
  '/endless-extension': (socket) => {
    socket.write(`${CHUNKED}1;x=`)
    forever(socket, BLOCK)
  },
  '/endless-hints': (socket) =>
    forever(socket, Buffer.from('HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n'.repeat(999))),
  '/dripping-headers': (socket) => drip(socket, `${HEAD}${'x-a: b\r\n'.repeat(999)}`),
  '/reset': (socket) => void socket.resetAndDestroy(),
  '/closed': (socket) => void socket.end(),
  '/reset-in-body': (socket) => cutOff(socket, 'content-length: 9', () => socket.resetAndDestroy()),
  '/closed-in-body': (socket) => cutOff(socket, 'content-length: 9', () => socket.end()),
  '/closed-in-chunks': (socket) => cutOff(socket, 'transfer-encoding: chunked', () => socket.end()),
  '/closed-in-last-chunks': (socket) =>
    cutOff(socket, 'connection: close\r\ntransfer-encoding: chunked', () => socket.end()),
  '/closed-after-promise': (socket) =>
    cutOff(socket, 'connection: close\r\ncontent-length: 9', () => socket.end()),
  '/body-after-204': (socket) => void socket.write('HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\n'),
  '/garbage': (socket) => void socket.end('220 mail.example.com ESMTP ready\r\n'),
  '/http-2': (socket) => void socket.end('HTTP/2 200\r\n\r\n'),
  '/upgrade': (socket) =>
    void socket.write('HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
  '/silence': () => {},
  '/never-read': (socket) => void socket.pause(),
}

export const MISBEHAVIOURS = Object.keys(BAD_WAYS)
export const WELL_BEHAVED = Object.keys(GOOD_WAYS)
const WAYS = { ...BAD_WAYS, ...GOOD_WAYS }

/** A TCP server that answers requests as HTTP servers do not. */
export class HostileReceiver {
  private readonly sockets = new Set<Socket>()

  private constructor(private readonly server: Server) {
    server.on('connection', (socket) => {
      this.sockets.add(socket)
      socket.on('close', () => this.sockets.delete(socket)).on('error', () => {})
      socket.on('data', (head) => WAYS[/^\w+ (\S+)/.exec(head.toString())?.[1] ?? '/silence']?.(socket))
    })
  }

  static async start(): Promise<HostileReceiver> {
    const server = createServer()
    const receiver = new HostileReceiver(server)
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
    for (const socket of this.sockets) socket.destroy()
    return new Promise((resolve) => this.server.close(() => resolve()))
  }
}

/** As fast as the other side takes it, until that closes. */
function forever(socket: Socket, bytes: Buffer): void {
  const pump = () => {
    while (!socket.destroyed && socket.write(bytes));
  }
  socket.on('drain', pump)
  pump()
}

function drip(socket: Socket, text: string): void {
  let sent = 0
  const timer = setInterval(() => socket.write(text[sent++ % text.length]!), 20)
  socket.on('close', () => clearInterval(timer))
}

const answer = (socket: Socket, body: Buffer, headers = '') =>
  void socket.write(
    Buffer.concat([
      Buffer.from(`${HEAD}${headers}connection: close\r\ncontent-length: ${body.length}\r\n\r\n`),
      body,
    ]),
  )

function cutOff(socket: Socket, header: string, end: () => void): void {
  socket.write(`${HEAD}${header}\r\n\r\n4\r\npart`, () => setTimeout(end, 20))
}
