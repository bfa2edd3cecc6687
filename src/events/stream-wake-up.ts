/** The wake-up of who follows a tenant's stream: an event of it was committed. */
export const streamWakeUp = (tenantId: string) => `events:${tenantId}`
