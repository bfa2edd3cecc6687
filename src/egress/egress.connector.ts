import type { LookupAddress } from 'node:dns'
import { isIPv6, type LookupFunction, type Socket } from 'node:net'
import { buildConnector, errors } from 'undici'
import type { EgressGuard } from './egress-guard.js'

/**
 * Opens undici's sockets: resolve, check, dial what was checked. No socket exists before all addresses have passed, and
 * undici asks here for literal addresses too, for which it never calls `connect.lookup`.
 *
 * @param timeoutMs for TCP and TLS together
 * @param maxAnswerBytes on the wire, whatever they are: more ends the connection with a ResponseExceededMaxSizeError
 */
export function guardedConnector(
  guard: EgressGuard,
  { timeoutMs, maxAnswerBytes }: { timeoutMs: number; maxAnswerBytes: number },
): buildConnector.connector {
  return async (options, callback) => {
    let addresses: string[]
    try {
      addresses = await guard.addressesOf(options.hostname)
    } catch (error) {
      return callback(error as Error, null)
    }
    dial(addresses, timeoutMs)(options, (...[error, socket]) => {
      if (error) return callback(error, null)
      letGoOfAborted(socket)
      boundAnswers(socket, maxAnswerBytes)
      callback(null, socket)
    })
  }
}

/** A connector for one socket: its addresses are its own, so nothing can come between the check and the dialling. */
function dial(addresses: string[], timeout: number): buildConnector.connector {
  const pinned: LookupAddress[] = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }))
  const lookup: LookupFunction = (_hostname, _options, callback) => callback(null, pinned)
  return buildConnector({
    lookup,
    timeout,
    autoSelectFamily: true, // makes net ask for all addresses: it tries the next one when one does not answer
    allowH2: false,
    maxCachedSessions: 0,
    rejectUnauthorized: true, // also where NODE_TLS_REJECT_UNAUTHORIZED=0 was set for something else
  })
}

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
