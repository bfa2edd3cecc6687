/** Deliveries that are due. */
export const WEBHOOK_DELIVERIES = 'webhook-deliveries'
/** Deliveries parked by an instant, whose rows do not say so yet. */
export const WEBHOOK_PARKINGS = 'webhook-parkings'
/** Parked deliveries that may be set free. */
export const WEBHOOK_RELEASES = 'webhook-releases'
/** What webhooks have missed and someone wants delivered after all. */
export const WEBHOOK_RECOVERIES = 'webhook-recoveries'
/** What has been kept for long enough. */
export const WEBHOOK_SIFTINGS = 'webhook-siftings'
export const WEBHOOK_RETENTION = 'webhook-retention'
