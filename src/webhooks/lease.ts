/** A delivery in the hands of one worker, until its lease ends. */
export interface Leased {
  id: number
  webhookId: number
  /** Of the webhook's settings: what this worker may know of them from before. */
  version: number
  eventId: string
  leaseToken: string
  /** On `performance`'s clock, at the latest. */
  leasedAt: number
  /** Attempts that failed before this one and count. */
  failures: number
  /** Its email's events go in order. */
  isOrdered: boolean
  /** JSON in UTF-8, shared with the other deliveries of its event; null where that is gone, with its email. */
  body: Buffer | null
  /** How many of its webhook the claim might have taken. */
  quota: number
}

/** Longer than WEBHOOK_TIMEOUT_MS may be: while an attempt is under way nobody else takes its row. */
export const LEASE_SECONDS = 30

/** As many failures as a webhook can allow: there is no retry. */
export const NO_RETRIES = 20

/** SQL: nobody has it in hand, or its worker is gone. */
export const isFree = (sqlNow: string) => `(leased_until is null or leased_until <= ${sqlNow})`

/** $1: deliveries, $2: their tokens. Nothing was tried: they are due as before. */
export const GIVE_BACK = `
  update webhook_queue q set lease_token = null, leased_until = null
  from unnest($1::bigint[], $2::uuid[]) as unused(id, token)
  where q.delivery_id = unused.id and q.lease_token = unused.token`
