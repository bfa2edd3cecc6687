/** Deliveries that are due. */
export const WEBHOOK_DELIVERIES = 'webhook-deliveries'
/** Parked deliveries that may be set free. */
export const WEBHOOK_RELEASES = 'webhook-releases'
