const SIX_HOURS_MS = 6 * 60 * 60_000

/** Milliseconds to wait after attempt n has failed: 2ⁿ s, that is 2, 4, 8 …, at most six hours. */
export const retryDelayMs = (attempt: number): number => Math.min(2 ** attempt * 1_000, SIX_HOURS_MS)
