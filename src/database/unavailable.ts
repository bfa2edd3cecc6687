/** Others did the same at the same moment, and this one gave way: nothing of it was written. */
export function isContended(error: unknown): boolean {
  return /^40(001|P01)$/.test((error as { code?: string } | null)?.code ?? '')
}

/**
 * PostgreSQL's codes: class 08 connection, 53 no room left, 58 its machine, 57P0x it stops or starts or cut us off, 57014
 * and 25P03 our own timeouts, 25006 it has become a standby. And Node's, of the socket.
 */
const CODES =
  /^(08\w{3}|53\w{3}|58\w{3}|57P0\d|57014|25P03|25006|E(CONNREFUSED|CONNRESET|CONNABORTED|PIPE|TIMEDOUT|HOSTUNREACH|NETUNREACH|NOTFOUND|AI_AGAIN)|ERR_STREAM_DESTROYED|ERR_STREAM_WRITE_AFTER_END)$/
/** What pg and its pool say without a code of a connection that is lost. */
const MESSAGES =
  /^(Connection terminated|timeout e|Query read timeout|Client (has|was) |Received unexpected |Cannot use a pool after)/
/** TypeORM's, of whoever goes on asking over such a connection. */
const NAMES = /^(QueryRunner(Provider)?AlreadyReleasedError|ConnectionIsNotSetError)$/

/** The connection was refused or cut, the server starts or stops, or it has no session or no room left for us. */
export function isUnavailable(error: unknown): boolean {
  const { code, message, name } = (error ?? {}) as Record<string, unknown>
  return CODES.test(String(code)) || MESSAGES.test(String(message)) || NAMES.test(String(name))
}
