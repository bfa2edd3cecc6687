/** So many deliveries in a row fail, and the webhook's breaker opens. */
export const FAILURES_TO_OPEN = 5
/** Then one of them asks so often whether it is back. */
export const PROBE_EVERY_SECONDS = 30
/** One that fails for so long is deactivated. */
export const DEACTIVATE_AFTER_DAYS = 5
/**
 * For so long a receiver may ask for time (Retry-After), without a success in between, and nothing counts as a failure: a
 * daily quota is the longest that is common. Then it fails as others do.
 */
export const PATIENT_HOURS = 24
/** What a webhook that is not active would have heard is kept for so long. */
export const KEPT_DAYS = 14
/** Deliveries a second to a webhook that is back, unless it wants less. */
export const DRAIN_PER_SECOND = 100
