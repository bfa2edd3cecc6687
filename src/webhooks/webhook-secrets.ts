/** What a webhook's secrets and the values of its headers are bound to. */
export const sealedFor = (tenantId: string) => `webhook:${tenantId}`
