import type { Socket } from 'node:net'
import { buildConnector, errors } from 'undici'
import { dialFirst } from './address-race.js'
import { tidyHeads } from './answer-heads.js'
import type { EgressGuard } from './egress-guard.js'

/** Of the time for an attempt; the rest is for hearing, before that is over, which address did not answer. */
const SHARE_TO_CONNECT = 0.9

/**
 * Opens undici's sockets: resolve, check, dial what was checked. No socket exists before all addresses have passed, and
 * undici asks here for literal addresses too, for which it never calls `connect.lookup`.
 *
 * @param timeoutMs of an attempt; nine tenths of it are for the name, TCP and TLS together
 * @param maxHeadBytes of an answer
 * @param maxAnswerBytes on the wire, whatever they are: more ends the connection with a ResponseExceededMaxSizeError
 */
export function guardedConnector(
  guard: EgressGuard,
  limits: { timeoutMs: number; maxHeadBytes: number; maxAnswerBytes: number },
): buildConnector.connector {
  return async (options, callback) => {
    const end = performance.now() + SHARE_TO_CONNECT * limits.timeoutMs
    const leftMs = () => Math.max(1, end - performance.now())
    let addresses: string[]
    try {
      addresses = await guard.addressesOf(options.hostname)
    } catch (error) {
      return callback(error as Error, null)
    }
    const isSecure = options.protocol === 'https:'
    const use = (socket: Socket) => {
      letGoOfAborted(socket)
      boundAnswers(socket, limits.maxAnswerBytes)
      tidyHeads(socket, limits.maxHeadBytes)
      callback(null, socket)
    }
    dialFirst(addresses, Number(options.port || (isSecure ? 443 : 80)), leftMs(), (error, socket) => {
      if (error) return callback(error, null)
      if (!isSecure) return use(socket!)
      const address = socket!.remoteAddress
      secured(leftMs())({ ...options, httpSocket: socket }, (...[failure, tls]) => {
        if (!failure) return use(tls)
        failure.message = `${address} took the connection, but TLS failed: ${failure.message}`
        callback(failure, null)
      })
    })
  }
}

/** TLS over a socket that is connected. */
const secured = (timeout: number) =>
  buildConnector({
    timeout,
    allowH2: false,
    maxCachedSessions: 0,
    rejectUnauthorized: true, // also where NODE_TLS_REJECT_UNAUTHORIZED=0 was set for something else
  })

/**
 * undici ends the socket of an aborted request with an "informational" error, by which it later takes the request for one
 * that was never sent, and dials once more for nothing. After a socket error it forgets the request.
 */
function letGoOfAborted(socket: Socket): void {
  const destroy = socket.destroy.bind(socket)
  socket.destroy = (error) =>
    destroy(error?.message === 'aborted' ? new errors.SocketError('aborted') : error)
}

/**
 * Status lines, early hints and chunk extensions may go on for ever without undici telling anyone, as fast as the
 * network is: a gigabyte of garbage within one deadline. An answer begins anew when something has been sent.
 */
function boundAnswers(socket: Socket, maxBytes: number): void {
  let sent = 0
  let readBefore = 0
  socket.on('readable', () => {
    if (socket.bytesWritten !== sent) [sent, readBefore] = [socket.bytesWritten, socket.bytesRead]
    if (socket.bytesRead - readBefore > maxBytes) socket.destroy(new errors.ResponseExceededMaxSizeError())
  })
}
