import { UnreadableSecret, type Cipher } from '../config/cipher.js'
import type { SealedColumns } from '../config/sealed-columns.js'
import type { Webhook } from './webhook.entity.js'

/** What a webhook's secrets and the values of its headers are bound to. */
export const sealedFor = (tenantId: string) => `webhook:${tenantId}`

export const SEALED_IN_WEBHOOKS: SealedColumns = {
  table: 'webhooks',
  columns: ['secret', 'previous_secret', 'former_secrets', 'headers'],
  boundTo: sealedFor,
}

/** Undefined where the key that opens it is not here. */
export function openedBy(cipher: Cipher, sealed: string, tenantId: string): string | undefined {
  try {
    return cipher.open(sealed, sealedFor(tenantId))
  } catch (error) {
    if (error instanceof UnreadableSecret) return undefined
    throw error
  }
}

/** A secret before the present one, sealed, which signs until its end. */
export interface FormerSecret {
  secret: string
  until: Date
}

/**
 * The newest first; some may have ended. One that the release before this has replaced is in its own columns only; the others are
 * told from it by their ends, since sealing makes another text each time.
 */
export function formerSecrets(
  webhook: Pick<Webhook, 'formerSecrets' | 'previousSecret' | 'previousSecretUntil'>,
): FormerSecret[] {
  const { previousSecret, previousSecretUntil } = webhook
  const listed = (webhook.formerSecrets ?? []).map(({ secret, until }) => ({
    secret,
    until: new Date(until),
  }))
  if (
    !previousSecret ||
    !previousSecretUntil ||
    listed.some(({ until }) => until.getTime() === previousSecretUntil.getTime())
  )
    return listed
  return [{ secret: previousSecret, until: previousSecretUntil }, ...listed]
}
