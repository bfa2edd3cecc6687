import { randomBytes } from 'node:crypto'
import { HmacSha256 } from './hmac-sha256.js'
import type { SignatureKey } from './webhook.entity.js'
import type { VerificationView } from './webhook-secrets.view.js'

const PREFIX = 'whsec_'

/** `whsec_` and 32 random bytes in base64: the form of the Standard Webhooks specification 1.0. */
export const newSecret = () => PREFIX + randomBytes(32).toString('base64')

/** What signs with one secret. */
export interface Signer {
  /** As the Standard Webhooks specification has it. */
  standard: HmacSha256
  /** For the older header. */
  plain: HmacSha256
}

/** @param secret as `newSecret` makes them */
export function signerOf(secret: string, key: SignatureKey): Signer {
  const standard = new HmacSha256(Buffer.from(secret.slice(PREFIX.length), 'base64'))
  return { standard, plain: key === 'raw' ? new HmacSha256(Buffer.from(secret)) : standard }
}

/**
 * The headers that prove a body's origin: the Standard Webhooks trio, with a signature by each signer, and the older hex
 * HMAC-SHA256 of the body alone. That one has room for a single value: it is by the oldest secret that still signs, so that
 * receivers may change theirs at any time until it ends. Each name goes before its value: what undici need not take apart.
 *
 * @param signers the newest first
 */
export function signatureHeaders(signers: Signer[], id: string, sentAt: Date, body: Buffer): string[] {
  const timestamp = String(Math.floor(sentAt.getTime() / 1_000))
  const prefix = `${id}.${timestamp}.`
  const signatures = signers.map(({ standard }) => `v1,${standard.digest(prefix, body, 'base64')}`)
  return [
    'webhook-id',
    id,
    'webhook-timestamp',
    timestamp,
    'webhook-signature',
    signatures.join(' '),
    'x-webhook-signature',
    signers.at(-1)!.plain.digest('', body, 'hex'),
  ]
}

const DECODED = `Buffer.from(secret.slice('${PREFIX}'.length), 'base64')`

/** How a receiver checks the two signatures of a delivery by hand, in the words of Node. */
export const verificationOf = (key: SignatureKey): VerificationView => ({
  webhookSignature:
    `one of its values is 'v1,' + createHmac('sha256', ${DECODED})` +
    ".update(`${webhookId}.${webhookTimestamp}.${rawBody}`).digest('base64')",
  xWebhookSignature: `createHmac('sha256', ${key === 'raw' ? 'secret' : DECODED}).update(rawBody).digest('hex')`,
})
