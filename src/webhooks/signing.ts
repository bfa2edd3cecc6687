import { randomBytes } from 'node:crypto'
import { HmacSha256 } from './hmac-sha256.js'

const PREFIX = 'whsec_'

/** `whsec_` and 32 random bytes in base64: the form of the Standard Webhooks specification 1.0. */
export const newSecret = () => PREFIX + randomBytes(32).toString('base64')

/** What signs with a secret of that form. */
export const signerOf = (secret: string) => new HmacSha256(Buffer.from(secret.slice(PREFIX.length), 'base64'))

/**
 * The headers that prove a body's origin: the Standard Webhooks trio, with a signature by each signer, and the older hex
 * HMAC-SHA256 of the body alone, by the first. Each name goes before its value: what undici need not take apart.
 */
export function signatureHeaders(signers: HmacSha256[], id: string, sentAt: Date, body: Buffer): string[] {
  const timestamp = String(Math.floor(sentAt.getTime() / 1_000))
  const signatures = signers.map((signer) => `v1,${signer.digest(`${id}.${timestamp}.`, body, 'base64')}`)
  return [
    'webhook-id',
    id,
    'webhook-timestamp',
    timestamp,
    'webhook-signature',
    signatures.join(' '),
    'x-webhook-signature',
    signers[0]!.digest('', body, 'hex'),
  ]
}
