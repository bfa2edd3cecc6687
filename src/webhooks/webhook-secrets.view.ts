import type { SignatureKey } from './webhook.entity.js'

/** How a receiver computes what it must compare the headers with. The packages of Standard Webhooks do it by themselves. */
export class VerificationView {
  /**
   * The header `webhook-signature`. The key is the base64 after `whsec_`, as bytes.
   * @example "one of its values is 'v1,' + createHmac('sha256', Buffer.from(secret.slice('whsec_'.length), 'base64')).update(`${webhookId}.${webhookTimestamp}.${rawBody}`).digest('base64')"
   */
  webhookSignature: string
  /**
   * The older header `X-Webhook-Signature`. What its key is, `signatureKey` says.
   * @example "createHmac('sha256', Buffer.from(secret.slice('whsec_'.length), 'base64')).update(rawBody).digest('hex')"
   */
  xWebhookSignature: string
}

export class SecretView {
  /**
   * Verifies the deliveries, as `verification` says: the key is the base64 after `whsec_`, as bytes.
   * @example "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
   */
  secret: string
  /**
   * What `X-Webhook-Signature` is keyed with: decoded, the base64 after `whsec_` as bytes; raw, the secret as it is shown.
   * @example "decoded"
   */
  signatureKey: SignatureKey
  verification: VerificationView
  /** Until when secrets before it sign as well, the last of them; null when none does. */
  previousUntil: Date | null
}
