import { errors } from 'undici'
import { RefusedAddress, UnresolvedName } from '../egress/egress-guard.js'

/** Why an attempt failed, or, beside a 2xx, what was remarkable about a success. */
export const ATTEMPT_ERRORS = [
  'refused_address',
  'invalid_url',
  'dns_failed',
  'connection_refused',
  'connection_reset',
  'connect_failed',
  'tls_failed',
  /** The one deadline passed, wherever the attempt was. */
  'timed_out',
  'headers_too_large',
  /** What came back is not HTTP/1.1. */
  'invalid_response',
  'response_too_large',
  /** The body of a 2xx is not in the encoding that it claims, or wants too much memory to be decoded. */
  'undecodable_body',
  /** 3xx: not followed. */
  'redirected',
  /** 410: the receiver wants no more. */
  'gone',
  /** Any other status outside 2xx. */
  'unexpected_status',
  /** Not sent: the key that opens the webhook's secret or headers is not here. Goes out once it is. */
  'secret_unreadable',
  /** There is nothing to send any more: its email was deleted, and its events with it. */
  'event_gone',
  /** Of a delivery, without another attempt: its webhook was changed, and does not want the event any more. */
  'unwanted',
  /** Of a delivery, without an attempt: it waited for too long for a webhook that was not active. */
  'expired',
] as const

export type AttemptError = (typeof ATTEMPT_ERRORS)[number]

/** After these there is no use in another attempt. */
export const FINAL_ERRORS: readonly AttemptError[] = ['gone', 'event_gone']

/** In this order: the first that matches names the error. */
const NAMES: [AttemptError, RegExp][] = [
  ['connection_refused', /^ECONNREFUSED$/],
  ['timed_out', /^(ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT)$/],
  // A body that ends early reaches us as a wrong length.
  [
    'connection_reset',
    /^(ECONNRESET|EPIPE|ECONNABORTED|UND_ERR_SOCKET|UND_ERR_RES_CONTENT_LENGTH_MISMATCH)$/,
  ],
  ['headers_too_large', /^UND_ERR_HEADERS_OVERFLOW$/],
  ['response_too_large', /^UND_ERR_RES_EXCEEDED_MAX_SIZE$/],
  // OpenSSL's verdicts on certificates (X509_V_ERR_…) have no common beginning.
  [
    'tls_failed',
    /^(EPROTO$|ERR_SSL_|ERR_TLS_|CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_|INVALID_|PATH_LENGTH_|ERROR_IN_C)/,
  ],
]

/** The name of what a socket, TLS, the guard or undici reports. */
export function nameOf(error: Error): AttemptError {
  if (error instanceof RefusedAddress) return error.code
  if (error instanceof UnresolvedName) return 'dns_failed'
  // undici gives its parser's errors no code; an early end is one of them where a chunk was still to come.
  if (error.name === 'HTTPParserError')
    return error.message.includes('EOF') ? 'connection_reset' : 'invalid_response'
  if (/^bad (response|upgrade)$/.test(error.message)) return 'invalid_response'
  const code = codeOf(error)
  return NAMES.find(([, pattern]) => pattern.test(code))?.[0] ?? 'connect_failed'
}

/** A sentence for a person, fit for PostgreSQL. */
export function detailOf(error: Error): string {
  const text = error.message || codeOf(error) || error.name
  const peer = error instanceof errors.SocketError ? error.socket?.remoteAddress : undefined
  return `${text}${peer ? ` (${peer})` : ''}`.slice(0, 1_000).replaceAll('\0', '').toWellFormed()
}

const codeOf = (error: NodeJS.ErrnoException): string => error.code ?? ''
