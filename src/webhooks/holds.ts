import { LEASE_SECONDS, type Leased } from './lease.js'

interface Hold {
  /** On `performance`'s clock. */
  since: number
  /** Settled once all that waits for the webhook is parked. */
  parked: Promise<void>
}

/**
 * Webhooks whose receivers asked for time while this process had more for them in hand. What was leased before goes back
 * instead of out; what is leased later, such as what a person wants sent now, may go.
 */
export class Holds {
  private readonly holds = new Map<number, Hold>()

  add(webhookId: number, parked: Promise<void>): void {
    const since = performance.now()
    for (const [id, hold] of this.holds) if (since - hold.since > LEASE_SECONDS * 1_000) this.holds.delete(id)
    this.holds.set(webhookId, { since, parked })
  }

  /** Undefined where the delivery may go; otherwise when it may be given back, so that nobody takes it at once. */
  whenParked({ webhookId, leasedAt }: Leased): Promise<void> | undefined {
    const hold = this.holds.get(webhookId)
    return hold && leasedAt < hold.since ? hold.parked : undefined
  }
}
