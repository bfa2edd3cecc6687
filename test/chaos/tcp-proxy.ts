import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

interface Pair {
  near: Socket
  far: Socket
}

/** Lies between a process and its PostgreSQL, and can let a connection go silent without closing it. */
export class TcpProxy {
  private readonly pairs = new Set<Pair>()

  private constructor(private readonly server: Server) {}

  /** @param listenAt a port of one's own; any free one otherwise */
  static async open(host: string, port: number, listenAt = 0): Promise<TcpProxy> {
    const server = createServer()
    const proxy = new TcpProxy(server)
    server.on('connection', (near) => proxy.join({ near, far: connect(port, host) }))
    await new Promise<void>((resolve) => server.listen(listenAt, '127.0.0.1', resolve))
    return proxy
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  /** From now on nothing passes the connection that PostgreSQL sees coming from this port; both ends stay open. */
  silence(farPort: number): void {
    const pair = [...this.pairs].find(({ far }) => far.localPort === farPort)
    if (!pair) throw new Error(`No connection comes from port ${farPort}`)
    for (const socket of [pair.near, pair.far]) {
      socket.unpipe()
      socket.removeAllListeners('data').resume() // taken from the sender, and lost
    }
  }

  /** From now on transactions commit, and whoever committed them does not hear of it. */
  withholdCommits(): void {
    for (const { near, far } of this.pairs)
      near.on('data', (chunk: Buffer) => {
        if (chunk.includes('COMMIT')) far.unpipe(near)
      })
  }

  close(): Promise<void> {
    for (const { near, far } of this.pairs) for (const socket of [near, far]) socket.destroy()
    return new Promise((resolve) => this.server.close(() => resolve()))
  }

  private join(pair: Pair): void {
    this.pairs.add(pair)
    const { near, far } = pair
    const end = () => {
      near.destroy()
      far.destroy()
      this.pairs.delete(pair)
    }
    for (const socket of [near, far]) socket.setNoDelay().on('error', end).on('close', end)
    near.pipe(far).pipe(near)
  }
}
