/** Headers of answers that a program acts on. */
const DESCRIBED = {
  'x-request-id':
    'Finds this request in the log. What a request gives as its own, up to 64 letters, is kept.',
  'idempotency-replayed': '`true`: the first answer to this Idempotency-Key again; nothing was carried out.',
  'WWW-Authenticate': '`Bearer`: which credential is needed.',
  'Accept-Encoding': '`identity`: bodies are taken without a coding. Sent where a body has one.',
  'Retry-After': 'Seconds to wait before trying again.',
  RateLimit:
    'What is left of the limit, and the seconds until it is whole again. Sent where a rate is limited.',
  'RateLimit-Policy': 'The limit, and the seconds of its window. Sent where a rate is limited.',
}

const SENT_WITH: Record<string, (keyof typeof DESCRIBED)[]> = {
  keyed: ['idempotency-replayed'],
  401: ['WWW-Authenticate'],
  415: ['Accept-Encoding'],
  429: ['Retry-After', 'RateLimit', 'RateLimit-Policy'],
  503: ['Retry-After'],
}

export const HEADERS = Object.fromEntries(
  Object.entries(DESCRIBED).map(([name, description]) => [
    name,
    { description, schema: { type: name === 'Retry-After' ? 'integer' : 'string' } as const },
  ]),
)

/** Those of an answer with this status, or of a success. */
export const headersOf = (kind: number | 'keyed' | 'success') =>
  Object.fromEntries(
    ['x-request-id', ...(SENT_WITH[kind] ?? [])].map((name) => [
      name,
      { $ref: `#/components/headers/${name}` },
    ]),
  )
