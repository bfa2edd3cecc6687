import { createHmac, randomBytes } from 'node:crypto'

/** `whsec_` and 32 random bytes in base64: the form of the Standard Webhooks specification 1.0. */
export const newSecret = () => `whsec_${randomBytes(32).toString('base64')}`

/**
 * The headers that prove a body's origin: the Standard Webhooks trio, and the older hex HMAC-SHA256 of the body
 * alone, keyed with the same bytes.
 */
export function signatureHeaders(
  secret: string,
  id: string,
  sentAt: Date,
  body: string,
): Record<string, string> {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
  const timestamp = String(Math.floor(sentAt.getTime() / 1_000))
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
    'x-webhook-signature': createHmac('sha256', key).update(body).digest('hex'),
  }
}
