import { connect, isIPv6, type Socket } from 'node:net'

/** No address of a host took a connection. Its message names each that was tried, and what became of it. */
export class UnreachedHost extends Error {
  override readonly name = 'UnreachedHost'
  /** Of the last one to fail; ETIMEDOUT where one was still silent. */
  readonly code: string

  /** @param silent addresses that had not answered when time was up */
  constructor(fates: Fate[], silent: string[], timeoutMs: number) {
    const told = fates.map(({ address, code }) => `${address} (${code})`)
    const late = silent.map((address) => `${address} (no answer within ${Math.round(timeoutMs)} ms)`)
    super(`could not connect to ${[...told, ...late].join(', ')}`)
    this.code = silent.length > 0 ? 'ETIMEDOUT' : fates.at(-1)!.code
  }
}

interface Fate {
  address: string
  /** Of the system's error, such as ECONNREFUSED. */
  code: string
}

/** How long one address has before the next is dialled beside it (RFC 8305, 5: Connection Attempt Delay). */
const HEAD_START_MS = 250
/** Each that is silent holds a socket until time is up, and a name may have hundreds. */
const MOST_ADDRESSES = 12

/**
 * Dials addresses one after another until one answers (Happy Eyeballs, RFC 8305). Node's own race aborts each but the last
 * after 250 ms, so that a receiver whose first packet is lost, or that is far away, is never reached; here the earlier
 * ones go on while later ones are tried.
 *
 * @param addresses at least one; nothing else is dialled
 * @param timeoutMs for all of them together
 * @param tell is told once: an `UnreachedHost`, or a connected socket whose errors are listened for
 */
export function dialFirst(
  addresses: string[],
  port: number,
  timeoutMs: number,
  tell: (error: Error | null, socket?: Socket) => void,
): void {
  const waiting = inTurn(addresses).slice(0, MOST_ADDRESSES)
  const underWay = new Map<string, Socket>()
  const fates: Fate[] = []
  let next: NodeJS.Timeout | undefined
  const limit = setTimeout(lose, timeoutMs)

  function dialNext(): void {
    clearTimeout(next)
    const address = waiting.shift()
    if (address === undefined) return void (underWay.size === 0 && lose())
    const socket = connect({ host: address, port, noDelay: true, keepAlive: true })
    underWay.set(address, socket)
    socket.once('connect', () => win(address, socket))
    socket.on('error', ({ code, message }: NodeJS.ErrnoException) => {
      if (underWay.delete(address)) fates.push({ address, code: code ?? message })
      else return // it is somebody's by now, or given up
      dialNext()
    })
    if (waiting.length > 0) next = setTimeout(dialNext, HEAD_START_MS)
  }

  function win(address: string, socket: Socket): void {
    underWay.delete(address)
    end()
    tell(null, socket)
  }

  function lose(): void {
    const silent = [...underWay.keys()]
    end()
    tell(new UnreachedHost(fates, silent, timeoutMs))
  }

  function end(): void {
    clearTimeout(limit)
    clearTimeout(next)
    const others = [...underWay.values()]
    underWay.clear()
    for (const socket of others) socket.destroy()
  }

  dialNext()
}

/** Both families by turns, beginning with the first address: a family without a route costs one attempt and not all. */
function inTurn(addresses: string[]): string[] {
  const [first, second] = [isIPv6(addresses[0]!), !isIPv6(addresses[0]!)].map((isSix) =>
    addresses.filter((address) => isIPv6(address) === isSix),
  )
  return addresses.flatMap((_, index) => [first![index], second![index]].filter((one) => one !== undefined))
}
