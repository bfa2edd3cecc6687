import type { SealedColumns } from '../config/sealed-columns.js'

/** What a webhook's secrets and the values of its headers are bound to. */
export const sealedFor = (tenantId: string) => `webhook:${tenantId}`

export const SEALED_IN_WEBHOOKS: SealedColumns = {
  table: 'webhooks',
  columns: ['secret', 'previous_secret', 'headers'],
  boundTo: sealedFor,
}
