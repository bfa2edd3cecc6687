import { createHmac } from 'node:crypto'

/** The key that test applications sign access tokens with. */
export const JWT_SECRET = 'test '.repeat(8)

/** An access token with any header and claims; without a signature when the secret is empty. */
export function forge(header: unknown, claims: unknown, secret = JWT_SECRET, hash = 'sha256'): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const body = `${part(header)}.${part(claims)}`
  return `${body}.${secret && createHmac(hash, secret).update(body).digest('base64url')}`
}

export const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as Record<string, unknown>
