/** Others did the same at the same moment, and this one gave way: nothing of it was written. */
export function isContended(error: unknown): boolean {
  return /^40(001|P01)$/.test((error as { code?: string } | null)?.code ?? '')
}

/** The connection was refused or cut, the server starts or stops, or it has no session left for us. */
export function isUnavailable(error: unknown): boolean {
  const { code = '', message = '' } = (error ?? {}) as { code?: string; message?: string }
  return (
    /^(08\w{3}|57P0[123]|57014|25P03|53300|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT)$/.test(code) ||
    /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client (has|was) )/.test(
      message,
    )
  )
}
